"""In: the name of pretrained weights, or a file of them. Out: weights on this computer, checked, for a timm network.

Nothing here is shipped with wetread: weights come from their publisher or from a file, once, after the user has seen
licence and size. Everything else works from the folder they lie in, without internet. Reading down is the order of the
work:

- ``stored.py``      the home folder: what lies there, its hash, where it came from
- ``catalogue.py``   weights known by name: network, licence, size, what for
- ``read.py``        tensors of a safetensors or PyTorch file; no code of a file is ever run
- ``convert.py``     keys of other programs to those of timm: TorchXRayVision, DINOv2 of Hugging Face
- ``tfjs.py``        the frozen MobileNetV2 in a Teachable Machine export, without TensorFlow
- ``bundle.py``      a file, a folder or a .zip to import from
- ``describe.py``    what goes beside the tensors: input, licence, origin, from config files and from timm
- ``importing.py``   a file, folder or .zip -> the home folder
- ``hub.py``         the protocol of the Hugging Face hub: what a repository holds, its size and hash
- ``web_export.py``  a model of TensorFlow.js from a web server
- ``get.py``         a name -> the home folder
- ``nearest.py``     a name that no weights have -> those that may be meant
- ``shelf.py``       all weights at a glance

No file here loads torch when it is imported; `read.py` does so for a PyTorch file, and `describe.py` asks timm.
"""
