from reggan.model.refinement.network import Edit, RefinementNetwork

__all__ = ["Edit", "RefinementNetwork"]
