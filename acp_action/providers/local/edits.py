"""``image_to_image``: which edits the words of a prompt ask for, and carrying them out in order."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageOps

from acp_action.providers.local.colors import NAMED, colors_in, nearest_name
from acp_action.providers.local.grades import EDITS, balanced, contrasted, saturated
from acp_action.providers.local.picture import output_format, seed_of
from acp_action.providers.local.pixels import flattened, loaded, saved
from acp_action.providers.local.product import about, finished, media_paths
from acp_action.providers.local.resample import enlarge
from acp_action.providers.media.pictures import opened, room_for
from acp_action.providers.params import values

if TYPE_CHECKING:
    from acp_action.artifacts import JsonValue
    from acp_action.providers.base import Product, Request, Token
    from acp_action.providers.local.colors import Rgb

# In this order; the first that is found in what is left of the prompt takes its words away.
_PHRASES: Final[tuple[tuple[str, str], ...]] = (
    (r"dramatic|cinematic|moody|chiaroscuro", "dramatic"),
    (r"black[ -]and[ -]white|black & white|b&w|monochrome|gr[ae]y ?scale|noir", "gray"),
    (r"sepia", "sepia"),
    (r"vintage|retro|old photo(?:graph)?|nostalgic|film look|polaroid", "vintage"),
    (r"(?:less|lower|reduced?) contrast|flat(?:ter)?", "flat"),
    (r"(?:more|higher|strong(?:er)?|increased?) contrast|contrast(?:y|ed)?|punch(?:y|ier)", "contrast"),
    (r"desaturated?|muted?|less colou?r(?:ful)?|pastel|washed out", "mute"),
    (r"saturated?|vibrant|vivid|colou?rful|more colou?r", "saturate"),
    (r"(?:un)?blur(?:red|ry)?|soft(?:er)? focus|bokeh|out of focus", "blur"),
    (r"sharp(?:en(?:ed)?|er)?|crisp(?:er)?|more detail(?:s|ed)?|clarity", "sharpen"),
    (r"bright(?:en(?:ed)?|er)?|light(?:en(?:ed)?|er)|lighter|high[ -]key", "bright"),
    (r"dark(?:en(?:ed)?|er)?|dim(?:mer|med)?|low[ -]key", "dark"),
    (r"sunset|golden hour|dusk|sunrise", "sunset"),
    (r"night(?: ?time)?|moonlight|midnight", "night"),
    (r"warm(?:er|th)?", "warm"),
    (r"cold(?:er)?|cool(?:er)?", "cold"),
    (r"snow(?:y)?|winter|ic[ey]|frost(?:ed|y)?", "snow"),
    (r"fog(?:gy)?|mist(?:y)?|haz[ey]", "fog"),
    (r"glow(?:ing)?|bloom|dreamy|ethereal|neon", "glow"),
    (r"upside[ -]down|flip(?:ped)? vertical(?:ly)?", "flip"),
    (r"flip(?:ped)?(?: horizontal(?:ly)?)?|mirror(?:ed)?", "mirror"),
    (r"(?:rotated?|turn(?:ed)?)(?: it)?(?: by)? 180(?: degrees)?", "turn_over"),
    (r"(?:rotated?|turn(?:ed)?)(?: it)?(?: by)? (?:270|(?:to the )?left|counter[ -]?clockwise)", "turn_left"),
    (r"rotated?|turn(?:ed)? (?:to the )?right", "turn_right"),
    (r"invert(?:ed)?|negative", "invert"),
    (r"posteri[sz]ed?|pop art|comic", "posterize"),
    (r"solari[sz]ed?", "solarize"),
    (r"(?:pencil )?sketch(?:ed)?|pencil(?: drawing)?|line art|drawing", "sketch"),
    (r"edges?|outlined?|outlines", "edges"),
    (r"water[ -]?colou?rs?(?: paint(?:ing|ed))?", "watercolor"),
    (r"oil paint(?:ing|ed)?|paint(?:ing|ed|erly)", "oil"),
    (r"pixel(?:ated?| art)?|8[ -]bit", "pixel"),
    (r"emboss(?:ed)?|relief", "emboss"),
    (r"vignette", "vignette"),
)  # fmt: skip
_MATCHERS: Final = tuple((re.compile(rf"\b(?:{p})(?!\w)"), name) for p, name in _PHRASES)
_NOT_WANTED: Final = re.compile(r"\b(?:un(?=blur)|no |not |without |remove (?:the |all )?)$")
_OPPOSITE: Final = {"blur": "sharpen"}


def edit_picture(request: Request, token: Token) -> Product:
    """Carry out an ``image_to_image`` request: an upscaler enlarges, everything else edits by the prompt."""
    if request.model.task == "upscale":
        return enlarge(request, token)
    path = media_paths(request)[0]
    with opened(path) as head:
        pixels = head.width * head.height
    with room_for(pixels, token):
        picture = flattened(loaded(path)[0])
        token.check()
        return _edited(request, picture, token)


def _edited(request: Request, picture: Image.Image, token: Token) -> Product:
    prompt = request.text or ""
    seed = seed_of(prompt, request.params)
    names = edits_in(prompt)
    done = [EDITS[name][0] for name in names]
    for name in names:
        picture = EDITS[name][1](picture)
        token.check()
    if tints := _tints(prompt, names):
        picture = _tinted(picture, tints[0])
        done.append(f"tinted {nearest_name(tints[0])}")
    if not done:
        picture = _graded(picture, f"{seed}\0{prompt}")
        done = ["a gentle grade: no word of the prompt names an edit known here"]
    picture = _shaped(request, picture)
    form = output_format(request.params)
    file = saved(picture, request.stage, form, {**about(request, prompt, seed), "Edit": "; ".join(done)})
    used: dict[str, JsonValue] = {"width": picture.width, "height": picture.height, "seed": seed,
                                  "output_format": form}  # fmt: skip
    return finished(request, (file,), "pillow", used, seed=seed, notes={"edit": done})


def edits_in(prompt: str) -> list[str]:
    """The names of the edits that a prompt asks for, each once, in the order of its words.

    >>> edits_in("Black and white, then a bit darker please")
    ['gray', 'dark']
    """
    left, found = prompt.lower(), list[tuple[int, str]]()
    for matcher, name in _MATCHERS:
        for match in matcher.finditer(left):
            unwanted = _NOT_WANTED.search(left[: match.start()]) or match[0].startswith("unblur")
            chosen = _OPPOSITE.get(name) if unwanted else name
            if chosen:
                found.append((match.start(), chosen))
        left = matcher.sub(lambda match: " " * len(match[0]), left)
    return list(dict.fromkeys(name for _, name in sorted(found)))


def _tints(prompt: str, names: list[str]) -> list[Rgb]:
    """The colours that a prompt names besides those that belong to an edit, as black and white do."""
    shades = {NAMED["black"], NAMED["white"], NAMED["gray"]}
    return [] if "gray" in names else [color for color in colors_in(prompt) if color not in shades]


def _tinted(picture: Image.Image, color: Rgb) -> Image.Image:
    black, white = "#101014", "#fffdf8"
    toned = ImageOps.colorize(picture.convert("L"), black, white, color)
    return Image.blend(picture, toned, 0.5)


def _graded(picture: Image.Image, words: str) -> Image.Image:
    """A change that can be seen, small and always the same for the same words."""
    draw = [byte / 255 - 0.5 for byte in hashlib.sha256(words.encode("utf-8", "replace")).digest()[:4]]
    warmth = 0.16 * draw[0]
    graded = balanced(picture, 1 + warmth, 1 + 0.05 * draw[1], 1 - warmth)
    return saturated(contrasted(graded, 1.14 + 0.12 * draw[2]), 1.2 + 0.2 * draw[3])


def _shaped(request: Request, picture: Image.Image) -> Image.Image:
    """Cut to the asked ratio around the middle, keeping as much as there is."""
    params = request.params
    shape = values.ratio(params.get("aspect_ratio")) or values.ratio(params.get("resolution_mode"))
    if shape is None:
        return picture
    width = min(picture.width, round(picture.height * shape))
    height = min(picture.height, round(picture.width / shape))
    return ImageOps.fit(picture, (max(1, width), max(1, height)), Image.Resampling.LANCZOS)
