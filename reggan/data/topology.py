"""Numbers of points: MediaPipe's face mesh, the 68 landmarks that ICT-FaceKit names, and ICT-FaceKit's parts.

ICT-FaceKit's ranges are those its authors publish (README of github.com/ICT-VGL/ICT-FaceKit, "Face model topology").
"""

#: MediaPipe's point for each of the 68 landmarks (iBUG's order) of ICT-FaceKit.
MEDIAPIPE_OF_68 = (
    *(127, 234, 93, 132, 58, 136, 150, 176, 152, 400, 379, 365, 288, 361, 323, 454, 356),  # jaw line
    *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300),  # brows
    *(168, 197, 5, 4, 75, 97, 2, 326, 305),  # nose
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),  # eyes
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),  # lips, outside
    *(78, 82, 13, 312, 308, 317, 14, 87),  # lips, inside
)

#: How far each of the 68 landmarks is trusted: MediaPipe's jaw line is a silhouette, its brows lie a little elsewhere.
WEIGHT_OF_68 = (
    *(0.05,) * 8,
    0.5,
    *(0.05,) * 8,
    *(0.4,) * 10,
    *(0.6,) * 4,
    *(1.0,) * 37,
)

SKIN_FACES, SKIN_VERTICES = 9230, 9409  # the first ones of the release
MOUTH_FACES, MOUTH_VERTICES = (11144, 21496), (11248, 21451)  # socket, eye sockets, gums and tongue, teeth
EYE_SOCKET_VERTICES = (13294, 14062)
FIRST_GUM, FIRST_TOOTH, FIRST_LOWER_TOOTH = 14062, 17039, 19247

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

#: The edge of the lips inside, from the viewer's left corner along the upper lip to the right and back.
INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
OUTER_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)

#: Per eye (viewer's left, right): outer corner, upper lid, inner corner, lower lid, all the way round.
EYES = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
)
UPPER_LID, LOWER_LID = slice(1, 8), slice(9, 16)  # of an entry of EYES
LID_MIDDLES = ((159, 145), (386, 374))
IRISES = ((468, 469, 470, 471, 472), (473, 474, 475, 476, 477))  # centre, then four points of the rim
BROWS = (
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
)
MESH = 468  # points of the mesh without the irises
