# For those who want a container; nothing here needs one. With PyTorch, or with Keras:
#     docker build -t vai-inspect .
#     docker build -t vai-inspect --build-arg FRAMEWORK=tensorflow-cpu .
# In the folder of the model:
#     docker run --rm -v "$PWD:/work" vai-inspect inspect net.py:Net -t KV260 --input-shape 1,3,224,224
FROM python:3.12-slim
ARG FRAMEWORK="torch --extra-index-url https://download.pytorch.org/whl/cpu"
RUN pip install --no-cache-dir ${FRAMEWORK}
COPY . /vai-inspect
RUN pip install --no-cache-dir "/vai-inspect[render]"
WORKDIR /work
ENTRYPOINT ["vai-inspect"]
