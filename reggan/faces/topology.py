"""MediaPipe's face mesh: which of its 478 points are eyes, brows, lips. Left and right are the viewer's."""

MESH = 468  # points of the mesh; the other ten are the irises

LEFT_EYE, RIGHT_EYE = (33, 133), (362, 263)  # the corners, used to align a face

#: Lips: points above and below the line at which they meet.
UPPER_LIP = (
    *(191, 80, 81, 82, 13, 312, 311, 310, 415, 183, 42, 41, 38, 12, 268, 271, 272, 407, 184, 408, 185, 409),
    *(40, 39, 37, 0, 267, 269, 270, 74, 73, 72, 11, 302, 303, 304),
)
LOWER_LIP = (
    *(95, 88, 178, 87, 14, 317, 402, 318, 324, 96, 89, 179, 86, 15, 316, 403, 319, 325, 146, 375, 77, 307),
    *(91, 181, 84, 17, 314, 405, 321, 90, 180, 85, 16, 315, 404, 320),
)
MOUTH_CORNERS = (61, 291)
FOREHEAD, CHIN = 10, 152  # where the midline meets the oval
ABOVE_MOUTH = (0, 2, 11, 37, 61, 164, 167, 267, 291, 393)  # upper lip and the skin up to the nose

#: Inner edge of the lips, from the viewer's left corner along the upper lip to the right one, back along the lower.
INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
INNER_MOUTH_CORNERS = (78, 308)
MOUTH_SPANS = ((61, 291), (0, 17), (2, 0))  # width of the mouth, height of the lips, height of the skin above them
LIP_MIDDLES = (13, 14)  # of the upper and the lower lip, on the inner edge
OUTER_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)

#: Per eye (viewer's left, right): outer corner, upper lid, inner corner, lower lid, in a closed loop.
EYES = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
)
UPPER_LID, LOWER_LID = slice(1, 8), slice(9, 16)  # slices of an entry of EYES
LID_MIDDLES = ((159, 145), (386, 374))
IRISES = ((468, 469, 470, 471, 472), (473, 474, 475, 476, 477))  # centre, then four points of the rim
BROWS = (
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
)

# The control points of the landmark-normalised frame: (viewer's left, viewer's right) pairs, then the midline.
_PAIRS = (
    # fmt: off
    # oval
    (109, 338),
    (67, 297),
    (103, 332),
    (54, 284),
    (21, 251),
    (162, 389),
    (127, 356),
    (234, 454),
    (93, 323),
    (132, 361),
    (58, 288),
    (172, 397),
    (136, 365),
    (150, 379),
    (149, 378),
    (176, 400),
    (148, 377),
    # eyes
    (33, 263),
    (133, 362),
    (159, 386),
    (145, 374),
    (160, 387),
    (158, 385),
    (144, 373),
    (153, 380),
    # brows
    (70, 300),
    (63, 293),
    (105, 334),
    (66, 296),
    (107, 336),
    # nose
    (98, 327),
    # lips
    (61, 291),
    (37, 267),
    (39, 269),
    (84, 314),
    (181, 405),
    # fmt: on
)
_MIDLINE = (10, 152, 168, 6, 197, 4, 1, 2, 0, 17, 13, 14)

#: The outline of the face, all the way round from the top.
FACE_OVAL = (10, *(a for a, _ in _PAIRS[:17]), 152, *(b for _, b in reversed(_PAIRS[:17])))

#: The 84 landmarks that define the frame, and for each the index of its mirror image in this tuple.
CONTROL = tuple(a for a, _ in _PAIRS) + tuple(b for _, b in _PAIRS) + _MIDLINE
MIRROR = tuple((k + len(_PAIRS)) % (2 * len(_PAIRS)) for k in range(2 * len(_PAIRS))) + tuple(
    range(2 * len(_PAIRS), len(CONTROL))
)
