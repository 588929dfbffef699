"""The metrics, one per file, each a function from images to one number per image.

    ecs.py             does a classifier see the asked-for expression?     needs the output only
    fss.py             does an embedder see the same face?                 needs input and output
    landmarks.py       are the features where the target has them?         needs the target
    sharpness.py       is moved skin as sharp as in the target?            needs input and target
    reconstruction.py  MSE, L1, and L1 relative to changing nothing        needs the target
    unchanged.py       background, skin colour, edge of the crop           needs input and output
    brisque.py, qualiclip.py   quality without a reference (optional)      needs the output only
    distances.py       FID and KID of two sets (optional)                  needs a set of real faces
    affectnet.py, arcface.py   ECS and FSS by larger networks (optional)
    intervals.py       mean and 95 % interval of any of them

Every function takes a batch of uint8 RGB images (N, H, W, 3) and returns (N,) float64; nan marks an image that could
not be measured. ECS and FSS expect our aligned crops: square, eyes on a horizontal line at y = 0.40 S, 0.29 S apart,
centred.

The rule without which the numbers mean nothing: no network in this folder may ever be used in training or in choosing
a checkpoint, neither as a loss nor as a filter of data. A metric against which a model was tuned no longer measures it.
"""
