"""In: pictures. Out: probabilities. A model is a folder: weights, preprocessing, threshold, class names.

- ``preprocess.py``: picture -> what a model sees; saved inside the model, used by every later room.
- ``features.py``: picture -> classical features (HOG, LBP, histogram, thumbnail).
- ``linear.py``: standardised features with L2 logistic regression.
- ``build.py``: the name of a network -> the network (torch).
- ``network.py``: a network as a part of a classifier (torch).
- ``classifier.py``: `Classifier`: one or several parts, calibration, threshold; saved and loaded as one folder.

Only `build` and `network` import torch, and `classifier` imports them only for a model that needs them.
"""
