"""In: a classifier and a picture. Out: a heatmap: where the model looked, which is not where disease is.

- ``heatmap.py``: `Heatmap`: signed values at their own resolution; drawing it over the picture with a common scale.
- ``methods.py``: all methods by name; which of them a model allows; many pictures at once.
- ``cases.py``: which images are explained: the worst errors and random ones, never the prettiest.
- ``gallery.py``: the heatmaps of a run, two methods side by side.
- ``agreement.py``: whether two maps of one picture say the same.

Methods that ask about changed pictures, for any model:

- ``occlusion.py``: hide a patch, by its mean or by blurring, and see what the model says.
- ``rise.py``: hide random halves.
- ``nearest.py``: no map: the training cases that look most alike.

Methods that look into a network (torch):

- ``subject.py``: the class margin of any classifier, to be differentiated.
- ``layers.py``: where to look: the last feature maps, or the tokens of a transformer.
- ``class_maps.py``: what methods share that weigh feature maps by gradients.
- ``gradcam.py``, ``hirescam.py``, ``gradcam_plus.py``, ``score_cam.py``: weighted feature maps.
- ``integrated_gradients.py``, ``smoothgrad.py``: gradients by the pixels.
- ``quick_network.py``: a network that is asked hundreds of times, by OpenVINO.
"""
