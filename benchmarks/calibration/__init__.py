"""The calibration of the DPUCZDX8G's timing model: `python -m benchmarks.calibration`.

Fits the model's constants on published times of whole networks, measures the error on networks
whose family was left out of the fit, and with `--write` writes what the package ships. Nothing is
fitted network by network.
"""
