"""Paired training data from any neutral photograph: see docs/data.md.

kit      the face model: blendshapes on MediaPipe's mean face
fit      the model laid over a photograph, and which photographs are accepted
render   the photograph with another expression
vary     changes of the photograph before: light, tone, pose, morphs
styles   changes of the pairs after: paintings, drawings, statues

No folder imports from one that stands after it here. `pixels` and `raster` serve all of them; `synthesise` and
`stage_sheets` put them together.
The optional packages of `pip install reggan[data]` are needed here and nowhere else.
"""
