"""Outlines traced by eye on the published 512x512 picture: the hair, and the suit that hides the wall."""

import numpy as np

from tests.subject.portrait import Points, Portrait

HEAD_CENTRE = np.array([226.0, 105.0])

_HEAD = np.array([
    (182, 132), (177, 129), (172.5, 123), (170.5, 118), (167, 114), (162, 109), (158, 104), (156, 97),
    (155, 88), (154.5, 80), (154, 71), (156, 63), (160, 57), (166, 50), (174, 44), (183, 40), (190, 35.5),
    (193, 31), (199, 27), (207, 22.5), (215, 21), (222, 18), (230, 16.5), (240, 17.5), (249, 20), (258, 23),
    (266, 27), (273, 31), (280, 37), (287, 46), (292, 54), (296, 63), (299, 74), (301, 85), (300, 92),
    (298, 100), (296, 107), (291, 115), (286, 120), (280, 126), (276, 131), (273, 135), (270, 136),
    (266, 135), (266, 140), (264, 148), (260, 156), (255, 163), (250, 169), (243, 174), (235, 178),
    (227, 179.5), (218, 178.5), (208, 174), (199, 168), (192, 162), (187, 156), (183.5, 148), (182, 140),
], float)  # fmt: skip
"""From the subject's right ear lobe over the hair and round the jaw, a pixel inside the visible edge."""

_SUIT = np.array([
    (186, 149), (175, 148), (160, 151), (145, 157), (133, 165), (126, 173), (121, 183), (112, 186),
    (113, 193), (116, 200), (111, 207), (98, 215), (85, 226), (73, 238), (62, 247), (55, 262),
    (380, 290), (355, 285), (346, 265), (335, 256), (325, 247), (312, 239), (304, 236), (303, 228),
    (297, 214), (290, 203), (280, 190), (270, 181), (262, 177), (255, 173),
], float)  # fmt: skip

_NECK = np.array([
    (196, 118), (187, 150), (186, 168), (187, 176), (191, 181), (200, 183.5), (210, 185.5), (220, 187.5),
    (227, 189), (235, 190), (245, 188.5), (252, 185.5), (254, 180), (255.5, 170), (255, 155), (246, 118),
], float)  # fmt: skip
"""The neck down to the collar, and up behind the jaw as far as a turning head may uncover it."""


def trace_head(portrait: Portrait) -> Points:
    """Give the outline of hair, ears and jaw in levelled pixels, clockwise from the right ear lobe."""
    return portrait.level_points(_HEAD)


def trace_suit(portrait: Portrait) -> Points:
    """Give the outline of the suit and its neck ring in levelled pixels; its lower end is off the frame."""
    return portrait.level_points(_SUIT)


def trace_neck(portrait: Portrait) -> Points:
    """Give the outline of the neck in levelled pixels."""
    return portrait.level_points(_NECK)


def meet_outline(portrait: Portrait, rim: Points) -> Points:
    """Continue each ray from the head's centre through a point of the rim to the outline of the head."""
    outline = trace_head(portrait)
    starts, ends = outline, np.roll(outline, -1, axis=0)
    return np.array([_meet_ray(point, starts, ends) for point in rim])


def _meet_ray(point: Points, starts: Points, ends: Points) -> Points:
    ray = point - HEAD_CENTRE
    sides, offsets = ends - starts, starts - HEAD_CENTRE
    cross = ray[0] * sides[:, 1] - ray[1] * sides[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        along_ray = (offsets[:, 0] * sides[:, 1] - offsets[:, 1] * sides[:, 0]) / cross
        along_side = (offsets[:, 0] * ray[1] - offsets[:, 1] * ray[0]) / cross
    is_met = (along_side >= 0) & (along_side <= 1) & (along_ray > 0)
    # The rim may lie a little outside where outline and landmarks disagree; the rim wins then.
    reach = max(1.0, float(along_ray[is_met].max(initial=1.0)))
    met: Points = HEAD_CENTRE + reach * ray
    return met
