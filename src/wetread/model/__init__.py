"""In: pictures. Out: probabilities. A model is a folder: weights, preprocessing, threshold, class names.

- ``preprocess.py``: picture -> what a model sees; saved inside the model, used by every later room.
- ``features.py``: picture -> classical features (HOG, LBP, histogram, thumbnail).
- ``inputs.py``: `Inputs`: pictures and what has been computed of them, each view at most once.
- ``linear.py``: standardised features with L2 logistic regression.
- ``backbone.py``: `Backbone`: a frozen network that turns pictures into features; chooses the engine.
- ``graph.py``: that network as a graph of OpenVINO, kept in a file and run without torch.
- ``near.py``: pictures that differ from one picture in a small box, computed on patches.
- ``near_graphs.py``: a graph of OpenVINO taken apart for that.
- ``openvino_alone.py``: the one import of OpenVINO, without its telemetry.
- ``embedder.py``: that network in torch, and its conversion into a graph (torch).
- ``embeddings.py``: embeddings that were computed before.
- ``network_names.py``: which networks are known, and which one may have been meant.
- ``small_networks.py``: our own networks; dropout that repeats (torch).
- ``timm_body.py``: architectures of timm, and foreign weights into them (torch).
- ``exactness.py``, ``memory.py``: how a GPU computes what a processor does; what to do where memory is short (torch).
- ``networks.py``: `NetworkSpec` -> `Network`: a body and a head (torch).
- ``network.py``: a network as a part of a classifier (torch).
- ``classifier.py``: `Classifier`: one or several parts, calibration, threshold; saved and loaded as one folder.

Files marked so import torch; the others import those only for a model that needs them.
"""
