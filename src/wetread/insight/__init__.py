"""In: a classifier, and pictures where there are any. Out: pictures of what is inside it.

- `layers`: which layers a network has, and what a layer says of pictures.
- `frequency`: pictures from their spectrum, where gradient ascent finds shapes instead of noise.
- `disturb`: small moves, turns and changes of size, which a maximised picture must survive.
- `maximise`: gradient ascent on many pictures at once.
- `favourites`: what each channel and each class wants to see.
- `filters`: the first filters of a network and what frequencies they pass.
- `activations`: maps of real pictures, layer by layer.
- `templates`: the weights of a model of classical features, each at its place.
- `embedding_map`: all pictures of a set as points, near where the model finds them alike.
- `budget`: a time limit, shared fairly.
- `found`: what a tour is given and what it brings home. `draw`: that as pixels.
- `tour`: all of it, one after the other, as far as the time allows.
"""
