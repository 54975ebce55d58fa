"""What Keras computes with MobileNetV2 without top, written down from its documentation with NumPy, in float64.

Arrays are `image row column channel`, kernels `row column in out`. "same" padding of TensorFlow puts the odd pixel
behind. No code is shared with wetread or timm.
"""

import json

import numpy as np

BLOCKS = ((1, 8, 1), (2, 8, 2), (3, 16, 2), (4, 24, 2), (3, 32, 1), (3, 56, 2), (1, 112, 1))


def topology():
    """Layers of MobileNetV2 0.35 as Keras lists them: (class, name, config, inputs)."""
    layers = [("InputLayer", "input_1", {}, [])]

    def add(kind, name, *inputs, **config):
        layers.append((kind, name, config, list(inputs)))
        return name

    def convolution(name, norm, above, filters, kernel, stride, activation=None, depthwise=False, padding="same"):
        kind = "DepthwiseConv2D" if depthwise else "Conv2D"
        add(kind, name, above, kernel_size=[kernel] * 2, strides=[stride] * 2, padding=padding, filters=filters)
        last = add("BatchNormalization", norm, name, epsilon=0.001)
        return add("ReLU", activation, last, max_value=6) if activation else last

    def padded(name, above):
        return add("ZeroPadding2D", name, above, padding=[[0, 1], [0, 1]])

    here = convolution("Conv1", "bn_Conv1", padded("Conv1_pad", "input_1"), 16, 3, 2, "Conv1_relu", padding="valid")
    channels, number = 16, 0
    for repeats, filters, stride in BLOCKS:
        for repeat in range(repeats):
            start, step = here, stride if repeat == 0 else 1
            name = f"block_{number}" if number else "expanded_conv"
            if number:
                wide = 6 * channels
                here = convolution(f"{name}_expand", f"{name}_expand_BN", here, wide, 1, 1, f"{name}_expand_relu")
            if step == 2:
                here = padded(f"{name}_pad", here)
            here = convolution(
                f"{name}_depthwise", f"{name}_depthwise_BN", here, None, 3, step, f"{name}_depthwise_relu",
                depthwise=True, padding="valid" if step == 2 else "same",
            )  # fmt: skip
            here = convolution(f"{name}_project", f"{name}_project_BN", here, filters, 1, 1)
            if step == 1 and channels == filters and number:
                here = add("Add", f"{name}_add", start, here)
            channels, number = filters, number + 1
    convolution("Conv_1", "Conv_1_bn", here, 1280, 1, 1, "out_relu", padding="valid")
    return layers


def random_tensors(layers, seed=0):
    """Tensors of the right shapes, so that values neither vanish nor saturate."""
    rng = np.random.default_rng(seed)
    tensors, channels = {}, {"input_1": 3}
    for kind, name, config, inputs in layers:
        depth = channels[inputs[0]] if inputs else 3
        if kind == "Conv2D":
            size = config["kernel_size"][0]
            fan = size * size * depth
            tensors[f"{name}/kernel"] = rng.normal(0, fan**-0.5, (size, size, depth, config["filters"]))
            depth = config["filters"]
        elif kind == "DepthwiseConv2D":
            tensors[f"{name}/depthwise_kernel"] = rng.normal(0, 1 / 3, (3, 3, depth, 1))
        elif kind == "BatchNormalization":
            tensors[f"{name}/gamma"] = rng.uniform(0.7, 1.1, depth)
            tensors[f"{name}/beta"] = rng.normal(0.3, 0.5, depth)
            tensors[f"{name}/moving_mean"] = rng.normal(0, 0.2, depth)
            tensors[f"{name}/moving_variance"] = rng.uniform(0.02, 1.5, depth)  # where 0.001 more matters
        channels[name] = depth
    return {name: array.astype(np.float32) for name, array in tensors.items()}


def write_export(folder, layers, tensors, files=("weights.bin",)):
    """The files of an export, its tensors spread over as many files as asked for."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = [{"name": name, "shape": list(array.shape), "dtype": "float32"} for name, array in tensors.items()]
    listed = [
        {"class_name": kind, "config": {"name": name, **config}, "inbound_nodes": [[[one, 0, 0, {}] for one in inputs]]}
        for kind, name, config, inputs in layers
    ]
    manifest = [{"paths": list(files), "weights": entries}]
    (folder / "model.json").write_text(json.dumps({"modelTopology": listed, "weightsManifest": manifest}))
    data = b"".join(array.astype("<f4").tobytes() for array in tensors.values())
    cuts = [len(data) * part // len(files) for part in range(len(files) + 1)]
    for name, start, stop in zip(files, cuts, cuts[1:], strict=False):
        (folder / name).write_bytes(data[start:stop])
    (folder / "metadata.json").write_text(json.dumps({"labels": ["A", "B"], "imageSize": 224}))
    return folder


def read_real(folder):
    """Layers of the base, its tensors, and those of the classifier, of a real export."""
    model = json.loads((folder / "model.json").read_text())
    data, start, tensors = (folder / "weights.bin").read_bytes(), 0, {}
    for entry in model["weightsManifest"][0]["weights"]:
        count = int(np.prod(entry["shape"]))
        tensors[entry["name"]] = np.frombuffer(data, "<f4", count, start).reshape(entry["shape"])
        start += 4 * count
    base = model["modelTopology"]["config"]["layers"][0]["config"]["layers"][0]["config"]["layers"]
    layers = [
        (one["class_name"], one["config"]["name"], one["config"], [i[0] for node in one["inbound_nodes"] for i in node])
        for one in base
    ]
    return layers, tensors


def features(layers, tensors, images):
    """Mean of the last maps over rows and columns: `image feature`."""
    found = {}
    wide = {name: array.astype(np.float64) for name, array in tensors.items()}
    for kind, name, config, inputs in layers:
        above = [found[one] for one in inputs]
        if kind == "InputLayer":
            found[name] = images.astype(np.float64)
        elif kind == "ZeroPadding2D":
            found[name] = np.pad(above[0], ((0, 0), *config["padding"], (0, 0)))
        elif kind == "Conv2D":
            kernel = wide[f"{name}/kernel"]
            found[name] = sum(part @ kernel[i, j] for i, j, part in shifted(above[0], config))
        elif kind == "DepthwiseConv2D":
            kernel = wide[f"{name}/depthwise_kernel"]
            found[name] = sum(part * kernel[i, j, :, 0] for i, j, part in shifted(above[0], config))
        elif kind == "BatchNormalization":
            gamma, beta, mean, variance = (
                wide[f"{name}/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")
            )
            found[name] = (above[0] - mean) / np.sqrt(variance + config["epsilon"]) * gamma + beta
        elif kind == "ReLU":
            found[name] = np.clip(above[0], 0, config["max_value"])
        else:
            assert kind == "Add"
            found[name] = above[0] + above[1]
    return found["out_relu"].mean((1, 2))


def shifted(array, config):
    """For each place of a kernel the pixels that it meets: its row, its column, `image row column channel`."""
    size, stride = config["kernel_size"][0], config["strides"][0]
    if config["padding"] == "same":
        around = []
        for length in array.shape[1:3]:
            total = max((-(-length // stride) - 1) * stride + size - length, 0)
            around.append((total // 2, total - total // 2))
        array = np.pad(array, ((0, 0), *around, (0, 0)))
    rows, columns = ((length - size) // stride * stride + 1 for length in array.shape[1:3])
    for i in range(size):
        for j in range(size):
            yield i, j, array[:, i : i + rows : stride, j : j + columns : stride]
