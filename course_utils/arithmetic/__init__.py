"""Numbers -> arithmetic."""

from course_utils.arithmetic.modules import NAC, NALU, MultiplicativeNAC

__all__ = ["NAC", "NALU", "MultiplicativeNAC"]
