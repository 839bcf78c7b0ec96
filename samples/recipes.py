"""How papers aged and were caught: each recipe is a row of effects, in the order in which they happened."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from capture import askew, blur, copier, curl, facsimile, grey, lamp, noise, on_desk, perspective, scan, skew
from wear import (
    Effect,
    bleed_through,
    broken_ink,
    crease,
    fade,
    foxing,
    ink_spread,
    paper_tone,
    punch_holes,
    stencil_ink,
)

OFFICE = (ink_spread(0.035), bleed_through(0.05), paper_tone((249, 246, 238), 0.03), skew(0.6), noise(0.008))
WORN = (
    ink_spread(0.045),
    fade(0.22),
    bleed_through(0.13),
    paper_tone((238, 227, 200), 0.12, 0.03),
    foxing(26),
    punch_holes(2),
    skew(1.4),
    noise(0.012),
)
FORM = (
    ink_spread(0.04),
    fade(0.1),
    paper_tone((243, 235, 213), 0.08, 0.02),
    crease(0.12),
    foxing(9),
    punch_holes(2),
    skew(1.0),
    noise(0.010),
)
STENCILLED = (stencil_ink((0.1, 0.12, 0.27)), ink_spread(0.06), broken_ink(0.55))
DAMP_PAPER = (paper_tone((229, 217, 187), 0.14, 0.05), foxing(14), punch_holes(2), skew(1.3), noise(0.014))
MIMEOGRAPH = (*STENCILLED, fade(0.3), *DAMP_PAPER)
FADED = (*STENCILLED, fade(0.5), *DAMP_PAPER)
RECIPES: Mapping[str, tuple[Effect, ...]] = MappingProxyType(
    {
        "office": OFFICE,
        "worn": WORN,
        "form": FORM,
        "mimeograph": MIMEOGRAPH,
        "faded": FADED,
        "photocopy": (
            ink_spread(0.06),
            fade(0.15),
            bleed_through(0.05),
            grey(),
            skew(1.5),
            copier(2.6),
            noise(0.01),
        ),
        "grey200": (*WORN, scan(200), grey()),
        "skewed": (ink_spread(0.04), paper_tone((243, 236, 216), 0.08), askew(6.0, least=4.0), noise(0.01)),
        "phone": (
            ink_spread(0.04),
            paper_tone((241, 235, 220)),
            on_desk(0.05),
            curl(0.02),
            perspective(0.06),
            lamp(0.45),
            blur(0.07),
            noise(0.015),
        ),
        "fax": (ink_spread(0.05), fade(0.1), skew(1.0), facsimile(200, 100)),
    }
)
