"""stub"""

from vai_inspect.rules.quantizers.check import FlowRules

KERAS = FlowRules("vai_q_tensorflow2", "keras", "Keras", ())
