from reggan.model.refinement.network import Edit, Placement, RefinementNetwork

__all__ = ["Edit", "Placement", "RefinementNetwork"]
