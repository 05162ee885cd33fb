"""Draws the portraits of the starter characters: `python tools/draw_starters.py` writes their three PNGs.

Everything is measured in the 256 units of the finished picture, drawn four times as large and scaled down.
Each picture holds up inside the circle that Discord cuts out of it, and at the 40 pixels it mostly shows.
"""

from __future__ import annotations

from math import cos, pi, radians, sin
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Point: TypeAlias = tuple[float, float]
Array: TypeAlias = np.ndarray

FOLDER = Path(__file__).parent.parent / "tzurot" / "operations" / "starters"
SIZE = 256
SCALE = 4
SIDE = SIZE * SCALE
Y, X = (np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) + 0.5) / SCALE

INK = "#1b2036"


def rgb(colour: str) -> Array:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float32) / 255


# A path is a text of points, "x,y x,y". A shape is an array of 0 (outside) to 1 (inside): `a * b` is where
# both are, and `a * (1 - b)` is a with b cut out.


def points(path: str) -> Array:
    return np.array([point.split(",") for point in path.split()], dtype=np.float32)


def curve(path: str, *, closed: bool, steps: int = 24) -> Array:
    """A smooth curve through all the points of the path (Catmull-Rom)."""
    p = points(path)
    p = np.vstack([p[-1:], p, p[:2]]) if closed else np.vstack([p[:1], p, p[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False, dtype=np.float32)[:, None]
    parts = [
        b + t * ((c - a) + t * ((2 * a - 5 * b + 4 * c - d) + t * (3 * b - a - 3 * c + d))) / 2
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return np.vstack([*parts, p[-2:-1]])


def area(path: str, *, rounded: bool = True) -> Array:
    edge = curve(path, closed=True) if rounded else points(path)
    image = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(image).polygon([(x * SCALE, y * SCALE) for x, y in edge], fill=255)
    return np.asarray(image, dtype=np.float32) / 255


def stroke(path: str, width: float, end: float | None = None) -> Array:
    """A brush stroke with round ends; it tapers from `width` to `end`."""
    line = curve(path, closed=False, steps=80)
    image = Image.new("L", (SIDE, SIDE))
    pen = ImageDraw.Draw(image)
    for (x, y), wide in zip(line, np.linspace(width, end or width, len(line)), strict=True):
        r = wide / 2
        pen.ellipse([(x - r) * SCALE, (y - r) * SCALE, (x + r) * SCALE, (y + r) * SCALE], fill=255)
    return np.asarray(image, dtype=np.float32) / 255


def oval(x: float, y: float, rx: float, ry: float | None = None, tilt: float = 0) -> Array:
    c, s = cos(radians(tilt)), sin(radians(tilt))
    u, v = (X - x) * c + (Y - y) * s, (Y - y) * c - (X - x) * s
    return (((u / rx) ** 2 + (v / (ry or rx)) ** 2) <= 1).astype(np.float32)


def gear(x: float, y: float, r: float, teeth: int, depth: float, turn: float = 0) -> Array:
    angle = np.arctan2(Y - y, X - x) + radians(turn)
    edge = r + depth * np.clip(np.cos(angle * teeth) * 2.2, -1, 1)
    return (np.hypot(X - x, Y - y) <= edge).astype(np.float32)


def soft(shape: Array, radius: float) -> Array:
    image = Image.fromarray((shape * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius * SCALE)), dtype=np.float32) / 255


def fade(start: Point, end: Point, *colours: str) -> Array:
    """A linear gradient through the colours."""
    (x0, y0), (x1, y1) = start, end
    t = ((X - x0) * (x1 - x0) + (Y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2)
    stops = np.linspace(0, 1, len(colours))
    channels = np.array([rgb(colour) for colour in colours]).T
    return np.stack([np.interp(t, stops, channel) for channel in channels], axis=-1)


class Picture:
    def __init__(self, background: Array) -> None:
        self.pixels = background.astype(np.float32)

    def fill(self, shape: Array, colour: str | Array, alpha: float = 1) -> None:
        over = rgb(colour) if isinstance(colour, str) else colour
        weight = (shape * alpha)[..., None]
        self.pixels = self.pixels * (1 - weight) + over * weight

    def shine(self, shape: Array, colour: str, strength: float = 1) -> None:
        """Add light, as a screen does."""
        self.pixels = 1 - (1 - self.pixels) * (1 - rgb(colour) * (shape * strength)[..., None])

    def glow(self, x: float, y: float, r: float, colour: str, strength: float = 1) -> None:
        self.shine(np.clip(1 - np.hypot(X - x, Y - y) / r, 0, 1) ** 2, colour, strength)

    def image(self) -> Image.Image:
        large = Image.fromarray((np.clip(self.pixels, 0, 1) * 255 + 0.5).astype(np.uint8))
        small = large.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
        return small.point(lambda value: value & 0xFE)  # seven bits look the same and take less space


def maren() -> Picture:
    """The keeper in her sou'wester, the light sweeping behind her."""
    p = Picture(fade((128, 0), (128, 215), "#0b2244", "#17476b", "#2f8291"))
    lamp = (46, 83)
    for beam, strength in (("46,83 300,-28 300,112", 0.9), ("46,83 -40,52 -40,122", 0.6)):
        reach = np.clip(1 - np.hypot(X - lamp[0], Y - lamp[1]) / 330, 0, 1)
        p.fill(soft(area(beam, rounded=False), 1.5) * reach, "#ffd98a", strength)
    sea = area("-20,190 40,186 90,192 140,187 200,192 280,186 280,290 -20,290")
    p.fill(sea, fade((0, 185), (0, 256), "#14506b", "#0b2a4a"))
    for x, y, long in ((20, 203, 26), (212, 205, 30), (14, 222, 22)):
        p.fill(stroke(f"{x},{y} {x + long / 2},{y - 2} {x + long},{y}", 2.6, 1), "#7cc4c4", 0.6)
    # the lighthouse on its rock
    p.fill(area("12,200 28,186 46,182 66,187 82,202"), "#0d2038")
    tower = area("38,98 54,98 60,190 32,190", rounded=False)
    p.fill(tower, fade((32, 0), (60, 0), "#f7efe0", "#c9cfd4"))
    for top in (112, 146):
        p.fill(tower * ((top <= Y) & (top + 17 >= Y)), fade((32, 0), (60, 0), "#e2523f", "#ab3440"))
    p.fill(area("35,93 57,93 57,99 35,99", rounded=False), INK)
    p.fill(area("39,75 53,75 53,93 39,93", rounded=False), "#fff3c4")
    p.fill(area("36,76 46,64 56,76", rounded=False), INK)
    p.glow(*lamp, 46, "#ffe2a0", 0.9)
    # oilskin, with the braid over the shoulder
    coat = area("56,280 62,232 90,206 140,198 190,206 218,232 226,280")
    p.fill(coat, fade((60, 200), (220, 260), "#f6b93a", "#d98a22"))
    p.fill(area("112,180 168,180 172,214 140,232 108,214"), "#b9694c")
    for lock in (
        "94,108 120,100 112,170 108,192 96,180 88,184 85,166 88,140",
        "186,108 160,100 168,170 176,196 192,198 196,178 194,150",
    ):
        p.fill(area(lock), fade((90, 110), (195, 195), "#eef1f2", "#a9b4be"))
    return _maren_face(p)


def _maren_face(p: Picture) -> Picture:
    face = area("98,118 140,104 182,118 184,156 168,190 140,201 112,190 96,156")
    p.fill(face, fade((100, 110), (185, 195), "#f2bd93", "#d98f68"))
    p.fill(face * soft(oval(140, 104, 66, 22), 4), "#8a3d34", 0.5)
    for x in (110, 170):
        p.fill(face * soft(oval(x, 167, 11, 8), 3), "#e8604c", 0.5)
    for side in (-1, 1):
        x = 140 + side * 20
        p.fill(oval(x, 148, 5.2, 6.4), INK)
        p.fill(oval(x - 1.8, 145.6, 1.8), "#ffffff")
        p.fill(stroke(f"{x - 10},134 {x},130.5 {x + 10},134", 5, 4), "#eef1f2")
        for dy in (-3, 3):
            out = x + side * 10
            p.fill(stroke(f"{out},{149 + dy / 2} {out + side * 6},{149 + dy * 1.6}", 2, 1), "#a85a42", 0.8)
    p.fill(stroke("141,150 145,162 139,166", 3, 3.4), "#b8674a")
    p.fill(stroke("123,176 131,181 142,182 154,177 161,169", 4, 3.4), "#7c2f33")
    # sou'wester: crown, brim, shine
    crown = area("94,118 96,76 118,46 146,40 172,52 186,80 186,118")
    p.fill(crown, fade((100, 50), (190, 110), "#ffd257", "#e39a27"))
    p.fill(stroke("142,42 136,70 136,112", 3), "#c97d1f", 0.7)
    brim = area("62,132 84,108 112,97 140,94 170,98 196,110 220,138 190,127 140,119 90,124")
    p.fill(soft(brim, 3) * crown, "#8f5216", 0.5)
    p.fill(brim, fade((70, 100), (215, 130), "#ffe07a", "#eba62f"))
    p.fill(stroke("108,88 112,68 126,55", 6, 3), "#fff0b8", 0.85)
    # collar and braid
    for flap in ("138,228 102,190 82,210 110,246", "142,228 178,190 198,210 170,246"):
        p.fill(area(flap), fade((90, 190), (200, 245), "#ffcf56", "#e59d2b"))
    for i in range(5):
        x, y, tilt = 185 + i * 2, 193 + i * 12.5, 32 if i % 2 else -32
        p.fill(oval(x, y, 10.4, 9, tilt), "#7f8c9c")
        p.fill(oval(x - 0.8, y - 1, 9.2, 7.6, tilt), fade((x - 9, y), (x + 9, y), "#f3f5f5", "#b9c3cb"))
    p.fill(oval(194, 252, 7, 5), "#e2523f")
    return p


def quill() -> Picture:
    """A clockwork owl before a great gear, one ear a quill."""
    p = Picture(fade((128, 0), (128, 256), "#0d3b36", "#14584a", "#0c3330"))
    p.glow(128, 96, 170, "#d9a441", 0.6)
    halo = gear(128, 122, 105, 16, 7) * (1 - oval(128, 122, 86))
    p.fill(halo, fade((40, 30), (220, 220), "#2f7a63", "#1c5a4c"))
    for i in range(8):
        p.fill(oval(128 + 95 * cos(i * pi / 4), 122 + 95 * sin(i * pi / 4), 3.4), "#0d3b36")
    # the winding key, and a body of walnut
    for y in (186, 214):
        loop = oval(34, y, 17, 15) * (1 - oval(34, y, 8, 6.5))
        p.fill(loop, fade((20, 170), (48, 230), "#ffe08a", "#b3742a"))
    p.fill(stroke("34,200 72,202", 8), "#c98c36")
    body = area("50,290 50,226 66,182 96,160 160,160 190,182 206,226 206,290")
    p.fill(body, fade((60, 170), (200, 256), "#9a5b36", "#5a2d20"))
    for y, shade in ((212, "#7d4529"), (236, "#6c3a24"), (260, "#5a2d20")):
        p.fill((oval(52, y, 26, 34) + oval(204, y, 26, 34)) * body, shade)
    chest = area("92,290 88,222 104,196 128,190 152,196 168,222 164,290")
    p.fill(chest, "#6e3a25")
    for row in range(5):
        for column in range(-3, 4):
            x, y = 128 + column * 20 + (row % 2) * 10, 252 - row * 13
            p.fill(oval(x, y, 10.6, 12) * chest, "#5a2d20")
            p.fill(oval(x, y - 2, 9.6, 11) * chest, fade((90, 190), (165, 256), "#f0c765", "#b97a2c"))
    # the ears: a tuft on the left, a quill on the right
    p.fill(area("58,96 52,40 70,58 102,74 90,100"), fade((50, 40), (95, 95), "#a9653b", "#70402a"))
    feather = area("164,86 166,62 186,36 222,14 220,44 204,74 182,96")
    p.fill(feather, fade((165, 90), (220, 20), "#e9d9b4", "#fffaf0"))
    p.fill(feather * area("182,96 190,62 222,14 240,40 210,90"), "#cdb88a", 0.55)
    p.fill(stroke("168,96 188,60 218,20", 3.2, 1.4), "#a98a55")
    for notch in ("196,62 212,60", "188,76 204,77", "180,56 176,48"):
        p.fill(stroke(notch, 1, 2.6), "#14584a")
    return _quill_face(p)


def _quill_face(p: Picture) -> Picture:
    head = area("50,122 60,84 92,64 128,70 164,64 196,84 206,122 192,162 160,184 96,184 64,162")
    p.fill(soft(head, 5) * oval(128, 200, 66, 40), "#2c120e", 0.55)
    p.fill(head, fade((60, 70), (200, 185), "#c27b43", "#7a442b"))
    p.fill(area("128,136 104,84 84,66 128,78 172,66 152,84"), fade((0, 66), (0, 130), "#f3cd72", "#b97a2c"))
    for x, turn, look in ((91, 0, 4), (165, 11, -4)):
        p.fill(gear(x, 124, 39, 14, 3.2, turn), "#4a2419", 0.6)
        p.fill(gear(x, 122, 38, 14, 3.2, turn), fade((x - 30, 90), (x + 30, 155), "#ffe08a", "#b3742a"))
        p.fill(oval(x, 122, 29), "#6b3a1e")
        p.fill(oval(x, 122, 27), fade((x, 95), (x, 150), "#fff6dc", "#f0d9a6"))
        p.fill(oval(x + look, 124, 18.5), fade((x, 105), (x, 143), "#1f9c92", "#5fe0c0"))
        p.fill(oval(x + look, 124, 10.5), INK)
        p.fill(oval(x - 4, 117, 5), "#ffffff")
        p.fill(oval(x + 9, 130, 2.4), "#ffffff", 0.9)
    # heavy brows: one stern, one doubtful
    p.fill(stroke("58,97 86,90 119,101", 7, 11), "#4a2419")
    p.fill(stroke("203,84 176,69 140,88", 7, 11), "#4a2419")
    beak = area("128,136 141,146 139,160 128,178 117,160 115,146")
    p.fill(soft(beak, 3), "#3b1a14", 0.6)
    p.fill(beak, fade((114, 140), (142, 172), "#ffd978", "#c07a26"))
    p.fill(beak * area("128,130 150,140 128,180", rounded=False), "#9c5a1d", 0.45)
    # a pince-nez chain and a rivet or two
    p.fill(stroke("203,128 212,160 190,196 164,206", 2.4), "#ffdf8c")
    for x, y in ((70, 168), (186, 168), (128, 90)):
        p.fill(oval(x, y, 4), "#5a2d20")
        p.fill(oval(x - 0.6, y - 0.8, 3), "#ffe08a")
    return p


def tamsin() -> Picture:
    """The tinkerer, goggles up, the market's lanterns out of focus behind her."""
    p = Picture(fade((40, 0), (200, 256), "#2a1a5e", "#5a2377", "#a0336f"))
    p.glow(128, 104, 185, "#ff7a4d", 0.95)
    for colour, lanterns in (
        ("#ffb340", "26,96,24 230,108,25 128,12,11"),
        ("#ff5f8a", "62,36,16 238,172,16"),
        ("#3fd0c9", "200,34,18 24,168,17"),
    ):
        for x, y, r in points(lanterns):
            p.glow(x, y, r * 2.4, colour, 0.5)
            p.fill(soft(oval(x, y, r), 0.8), colour, 0.72)
            p.shine(soft(oval(x, y, r) * (1 - oval(x, y, r - 2.5)), 0.6), colour, 0.35)
    # jacket and neck
    coat = area("36,290 44,238 76,212 128,204 180,212 212,238 220,290")
    p.fill(coat, fade((50, 210), (210, 256), "#1f7f86", "#14506a"))
    p.fill(area("106,176 150,176 154,222 128,232 102,222"), "#7d4630")
    # hair behind the face, in points
    back = area(
        "72,150 58,128 66,120 54,96 68,92 66,62 84,66 94,40 112,52 134,32 146,50 170,42 174,62 196,66"
        " 190,88 206,100 194,116 202,136 188,152 184,176 72,176"
    )
    p.fill(back, fade((70, 40), (190, 170), "#2d2f66", "#191a3f"))
    streak = area("150,20 184,30 212,100 178,96 160,70")
    p.fill(back * streak, fade((150, 40), (200, 100), "#ff8a5c", "#f0527c"))
    for x in (78, 178):
        p.fill(oval(x, 146, 9, 13), "#985739")
    return _tamsin_face(p)


def _tamsin_face(p: Picture) -> Picture:
    face = area("82,116 128,98 174,116 176,152 160,184 128,203 96,184 80,152")
    p.fill(face, fade((86, 100), (176, 200), "#c67f54", "#9a583b"))
    p.fill(face * soft(oval(128, 98, 60, 20), 4), "#3b1730", 0.5)
    for x in (96, 160):
        p.fill(face * soft(oval(x, 165, 11, 8), 3), "#f0605a", 0.45)
    for side in (-1, 1):
        x = 128 + side * 21
        p.fill(oval(x, 146, 9.4, 10.6), "#fffaf0")
        p.fill(oval(x + 1.5, 146, 6.6, 8.2), "#3a2036")
        p.fill(oval(x - 0.8, 142.6, 2.5), "#ffffff")
        p.fill(stroke(f"{x - 10},142 {x},134.5 {x + 10},142", 3.6), INK)
    p.fill(stroke("93,131 105,123 118,125", 4, 5), INK)
    p.fill(stroke("138,122 150,116 164,125", 5, 4), INK)
    p.fill(stroke("126,158 124,165 131,167", 3.2), "#6e3726")
    # a grin, higher on one side, with a gap
    grin = area("108,173 128,177 151,169 147,182 131,188 114,182")
    p.fill(grin, "#5c1a2c")
    p.fill(grin * oval(130, 169, 28, 12.5), "#fffaf0")
    p.fill(stroke("130,175 130,179", 2), "#5c1a2c")
    p.fill(stroke("158,156 172,151", 6, 3), INK, 0.45)
    # fringe, then goggles pushed up over it
    fringe = area(
        "76,134 78,100 100,78 150,74 178,100 182,134 172,118 160,128 150,112 132,124 122,110 104,126 96,114 86,122"
    )
    p.fill(fringe, fade((80, 80), (180, 130), "#35387a", "#20224f"))
    p.fill(fringe * area("142,60 172,80 168,132 150,120"), "#f0617a")
    p.fill(stroke("68,104 98,90 158,90 188,104", 11), "#6b3524")
    for x, tilt in ((101, -8), (155, 8)):
        p.fill(oval(x, 89, 28, 24, tilt), "#3a1a24", 0.5)
        p.fill(oval(x, 86, 28, 24, tilt), fade((x - 24, 66), (x + 24, 108), "#ffdf85", "#b36a2a"))
        p.fill(oval(x, 86, 21.5, 18, tilt), "#1c3f5c")
        p.fill(oval(x, 86, 20, 16.5, tilt), fade((x - 12, 70), (x + 12, 104), "#8ff5e0", "#1f8fa8"))
        p.fill(oval(x, 86, 20, 16.5, tilt) * oval(x + 6, 92, 6.5), "#ffb545", 0.9)
        p.fill(stroke(f"{x - 12},84 {x - 6},75 {x + 2},73", 4, 2.4), "#ffffff", 0.9)
    p.fill(stroke("124,88 132,88", 8), "#d9953f")
    # scarf, and the screwdriver behind her ear
    scarf = area("78,204 104,194 128,206 152,194 180,204 186,226 158,240 128,244 96,240 72,226")
    p.fill(scarf, fade((76, 196), (184, 240), "#ffae42", "#f2673e"))
    p.fill(stroke("80,220 108,214 132,226 176,212", 3, 1.5), "#c8472f", 0.8)
    p.fill(area("92,232 116,236 112,290 84,290"), fade((84, 230), (116, 256), "#ff9a3e", "#e0563a"))
    p.fill(stroke("196,96 170,140", 4.4), "#c9d2dc")
    p.fill(stroke("214,66 196,96", 14, 11), "#e8444f")
    p.fill(stroke("211,68 198,90", 3, 2), "#ff9a8c")
    return p


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for draw in (maren, quill, tamsin):
        draw().image().save(FOLDER / f"{draw.__name__}.png", optimize=True)


if __name__ == "__main__":
    main()
