"""Numbers of points: the 68 landmarks that ICT-FaceKit names, and ICT-FaceKit's parts.

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
