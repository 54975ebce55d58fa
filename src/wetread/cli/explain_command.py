"""`wetread explain`: where a model looked in the user's own images, and whether such maps may be believed."""

from pathlib import Path
from typing import Annotated, Any

import typer

from wetread.cli.options import Json, Quiet, Seed
from wetread.cli.output import say, split_names, with_progress


def explain(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A run or model folder.", show_default=False)],
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGES", help="Images, folders or .zip files of images.", show_default=False),
    ],
    out: Annotated[Path, typer.Option(help="Where the results go.", metavar="FOLDER")] = Path("wetread-explained"),
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="Names of methods: grad-cam,occlusion; or all. By default two of different kinds.",
            metavar="NAMES",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            help="The class to explain; by default the positive one of two, else the one that is called.",
            metavar="CLASS",
            show_default=False,
        ),
    ] = None,
    test: Annotated[
        bool, typer.Option("--test", help="Test on these images whether such maps may be believed.")
    ] = False,
    masks: Annotated[
        Path | None,
        typer.Option(
            help="For --test: masks of the finding, named as their images.", metavar="FOLDER", show_default=False
        ),
    ] = None,
    mask_of: Annotated[
        str | None,
        typer.Option(
            help="The class that the masks show; by default the positive one, else that of --target.",
            metavar="CLASS",
            show_default=False,
        ),
    ] = None,
    time_limit: Annotated[
        str | None,
        typer.Option(help="Time for --test: minutes, or 90s, 2h.", metavar="TIME", show_default=False),
    ] = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Where the model looked: overlays, raw maps and a page; --test says whether to believe them."""
    from wetread.outcome import DISCLAIMER
    from wetread.steps.explain import explain as explain_images

    found = with_progress(
        lambda listen: explain_images(
            model,
            images,
            method=split_names(method) or (),
            target=target,
            test=test,
            masks=masks,
            mask_of=mask_of,
            time_limit=time_limit,
            out=out,
            seed=seed,
            listen=listen,
        ),
        quiet,
    )
    if as_json:
        say(found.content | {"folder": str(found.folder), "page": str(found.page)}, True)
        return
    if not quiet:
        for line in said(found.content):
            typer.echo(line)
    typer.echo(str(found.page))
    typer.echo(DISCLAIMER, err=True)


def said(content: dict[str, Any]) -> list[str]:
    """The result in a few lines: methods with their badges, and images without a map with the reason."""
    explained = sum(bool(one["explained"]) for one in content["images"])
    total = len(content["images"])
    lines = [f"{explained} of {total} {'image' if total == 1 else 'images'} explained"]
    for one in content["methods"].values():
        tests = "" if one["badge"] == "not tested" else " tests"
        lines.append(f"  {one['title']}: {one['badge']}{tests}" + (f". {one['why']}" if one["grey"] else ""))
    left = [one for one in content["images"] if not one["explained"]]
    for one in left[:10]:
        lines.append(f"  {one['image']}: {'refused: ' if one['status'] == 'out' else ''}{one['reason']}")
    return lines + ([f"  and {len(left) - 10} more without a map, on the page"] if len(left) > 10 else [])
