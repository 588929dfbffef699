"""Pictures and the faces in them: reading, finding, aligning, and pasting a change back."""

from reggan.faces.align import SIZE, align, alignment_matrix, similarity_scale, transform
from reggan.faces.detect import Face, face_at_marks, face_in_box, find_faces
from reggan.faces.hands import hands_before
from reggan.faces.images import MAX_PIXELS, read_image, read_picture
from reggan.faces.marks import Marks, assumed_alignment, read_marks
from reggan.faces.paste import Change, Detail, apply_change, paste_back

__all__ = [
    "MAX_PIXELS",
    "SIZE",
    "Change",
    "Detail",
    "Face",
    "Marks",
    "align",
    "alignment_matrix",
    "apply_change",
    "assumed_alignment",
    "face_at_marks",
    "face_in_box",
    "find_faces",
    "hands_before",
    "paste_back",
    "read_image",
    "read_marks",
    "read_picture",
    "similarity_scale",
    "transform",
]
