"""In: a classifier and a picture. Out: a heatmap: where the model looked, which is not where disease is.

- ``heatmap.py``: `Heatmap`: signed values at their own resolution; drawing it over the picture with a common scale.
- ``occlusion.py``: hide a patch and see what the model says: works for any model.
- ``gradcam.py``: gradient-weighted maps of a convolutional network (torch).
- ``cases.py``: which images are explained: the worst errors and random ones, never the prettiest.
"""
