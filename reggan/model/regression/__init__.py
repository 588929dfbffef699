from reggan.model.regression.fit import RidgeAccumulator
from reggan.model.regression.layer import RegressionLayer

__all__ = ["RegressionLayer", "RidgeAccumulator"]
