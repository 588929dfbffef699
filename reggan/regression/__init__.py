from reggan.regression.fit import RidgeAccumulator
from reggan.regression.layer import RegressionLayer

__all__ = ["RegressionLayer", "RidgeAccumulator"]
