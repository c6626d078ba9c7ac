"""Poses as joint angles, the poses of every action, and the jointed body that takes them.

A pose is ten angles [radian]. Limbs hang down at 0 and point forward at 90 degrees; elbows bend forward, knees
back; the body leans forward. Lengths are fractions of the body's height.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgevision.arrays import FloatArray

JOINTS = (
    "lean",
    "nod",
    "near_shoulder",
    "near_elbow",
    "far_shoulder",
    "far_elbow",
    "near_hip",
    "near_knee",
    "far_hip",
    "far_knee",
)
_UPPER_ARM, _FOREARM, _THIGH, _SHIN, _TORSO, _NECK, _HEAD, _FOOT = 0.16, 0.16, 0.24, 0.24, 0.28, 0.07, 0.06, 0.06


@dataclass(frozen=True)
class Part:
    """One capsule of the body.

    Attributes:
        start: joint where it begins.
        end: joint where it ends.
        radii: at its two ends, in body heights.
        garment: what it is dressed in.
    """

    start: str
    end: str
    radii: tuple[float, float]
    garment: str


def _limbs(side: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    arm = (
        Part(f"{side}_shoulder", f"{side}_elbow", (0.040, 0.034), "shirt"),
        Part(f"{side}_elbow", f"{side}_wrist", (0.034, 0.028), "shirt"),
        Part(f"{side}_wrist", f"{side}_hand", (0.032, 0.028), f"{side}_hand"),
    )
    leg = (
        Part(f"{side}_hip", f"{side}_knee", (0.060, 0.046), "trousers"),
        Part(f"{side}_knee", f"{side}_ankle", (0.045, 0.033), "trousers"),
        Part(f"{side}_ankle", f"{side}_toe", (0.028, 0.022), "shoes"),
    )
    return arm, leg


_FAR_ARM, _FAR_LEG = _limbs("far")
_NEAR_ARM, _NEAR_LEG = _limbs("near")
_TRUNK = (Part("pelvis", "neck", (0.078, 0.086), "shirt"), Part("chin", "crown", (0.056, 0.062), "head"))
BEHIND: tuple[Part, ...] = (*_FAR_ARM, *_FAR_LEG, *_NEAR_LEG, *_TRUNK)
IN_FRONT: tuple[Part, ...] = _NEAR_ARM
PARTS: tuple[Part, ...] = (*BEHIND, *IN_FRONT)  # in the order of painting


@dataclass(frozen=True, eq=False)
class Action:
    """What two figures do at the decisive moment.

    Attributes:
        actor: pose of the one who acts, (10,).
        partner: pose of the other, (10,).
        distance: between their hips, in body heights; ``None`` leaves them where they are.
    """

    actor: FloatArray
    partner: FloatArray
    distance: float | None = None


def pose(**degrees: float) -> FloatArray:
    """A standing pose with some joints at other angles [degree], (10,)."""
    standing = {"lean": 2, "near_shoulder": 4, "near_elbow": 12, "far_shoulder": -6, "far_elbow": 12}
    standing |= {"near_hip": 6, "near_knee": 3, "far_hip": -6, "far_knee": 3}
    return np.radians([{**standing, **degrees}.get(joint, 0.0) for joint in JOINTS])


STANDING = pose()
_SHAKING = pose(lean=6, near_shoulder=50, near_elbow=28)
_HUGGING = pose(lean=8, near_shoulder=72, near_elbow=24, far_shoulder=98, far_elbow=10)
_STRUCK = pose(lean=-22, nod=-14, near_shoulder=-22, far_shoulder=26, far_elbow=40, near_hip=22, far_hip=-4)
ACTIONS: dict[str, Action] = {
    "handshake": Action(_SHAKING, _SHAKING, 0.56),
    "hug": Action(_HUGGING, _HUGGING, 0.20),
    "kick": Action(
        pose(lean=-20, near_hip=88, near_knee=6, far_hip=-4, near_shoulder=-35, far_shoulder=40, far_elbow=50),
        pose(lean=16, near_shoulder=35, near_elbow=40, far_shoulder=30, far_elbow=45),
        0.55,
    ),
    "point": Action(pose(near_shoulder=98, near_elbow=0), STANDING),
    "punch": Action(
        pose(lean=10, near_shoulder=96, near_elbow=2, far_shoulder=20, far_elbow=110, near_hip=24, far_hip=-26),
        _STRUCK,
        0.44,
    ),
    "push": Action(
        pose(lean=24, near_shoulder=86, near_elbow=4, far_shoulder=76, far_elbow=4, near_hip=30, far_hip=-32),
        pose(lean=-24, nod=8, near_shoulder=58, near_elbow=20, far_shoulder=66, far_elbow=20, near_hip=18),
        0.52,
    ),
    "wave": Action(pose(near_shoulder=150, near_elbow=28, nod=-6), STANDING),
    "bow": Action(pose(lean=62, nod=18, near_shoulder=2), pose(lean=56, nod=16, near_shoulder=2), 0.84),
}


def body(angles: FloatArray, place: FloatArray, height: FloatArray, facing: int) -> FloatArray:
    """Ends of the body's capsules.

    Args:
        angles: the pose in every frame, (F, 10).
        place: where the hips are across and the soles are down, in frame sides, (F, 2).
        height: of the body, in frame sides, (F,).
        facing: 1 to the right, -1 to the left.

    Returns:
        Start and end (x, y) of every part, in frame sides, (P, F, 2, 2).
    """
    joints = _joints(dict(zip(JOINTS, angles.T, strict=True)))
    lowest = np.max([joints[f"{side}_{end}"][:, 1] for side in ("near", "far") for end in ("ankle", "toe")], axis=0)
    ends = np.stack([np.stack([joints[part.start], joints[part.end]], axis=1) for part in PARTS])
    ends[..., 1] -= (lowest + 0.025)[:, None]
    ends[..., 0] *= facing
    placed: FloatArray = ends * height[:, None, None] + place[:, None]
    return placed


def _joints(angle: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Positions (x forward, y down) of the joints around the hips, in body heights, each (F, 2)."""
    upright = np.pi + np.zeros_like(angle["lean"])
    along = _direction(upright - angle["lean"])
    skull = _direction(upright - angle["lean"] - angle["nod"])
    pelvis = 0.02 * along
    neck = pelvis + (_TORSO - 0.05) * along
    chin = neck + _NECK * along + 0.04 * skull
    joints = {"pelvis": pelvis, "neck": neck, "chin": chin, "crown": chin + _HEAD * skull}
    for side, offset in (("near", 0.016), ("far", -0.016)):
        across = np.array([offset, 0.0])
        shoulder = neck - across
        hip = across + np.zeros_like(along)
        forearm = angle[f"{side}_shoulder"] + angle[f"{side}_elbow"]
        shin = angle[f"{side}_hip"] - angle[f"{side}_knee"]
        elbow = shoulder + _UPPER_ARM * _direction(angle[f"{side}_shoulder"])
        knee = hip + _THIGH * _direction(angle[f"{side}_hip"])
        wrist = elbow + (_FOREARM - 0.02) * _direction(forearm)
        ankle = knee + _SHIN * _direction(shin)
        reach = {"shoulder": shoulder, "elbow": elbow, "wrist": wrist, "hand": wrist + 0.035 * _direction(forearm)}
        stand = {"hip": hip, "knee": knee, "ankle": ankle, "toe": ankle + _FOOT * _direction(shin + 1.4)}
        joints |= {f"{side}_{name}": position for name, position in (reach | stand).items()}
    return joints


def _direction(angle: FloatArray) -> FloatArray:
    """Unit vectors (x forward, y down) at an angle from straight down, (F, 2)."""
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1)
