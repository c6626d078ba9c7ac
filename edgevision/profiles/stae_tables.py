"""Numbers printed in the STAE paper: Tables I and II, and the text about Figs. 4, 5(a) and 5(b).

Source: arXiv 2305.12796v1, section IV. HMDB51, ViT-B/16 on clips of 16 x 3 x 224 x 224 float32 values; device:
Raspberry Pi 4B, edge: RTX 2080TI. Every column has one number per frame budget, in the order of ``video_grid.FRAMES``;
accuracies are in per cent, times in ms, entropies in bit per value of 32. Nothing is read off the plots.
"""

from __future__ import annotations

#: Channels, height and width of a clip (section IV-A).
FRAME_SHAPE = (3, 224, 224)
#: Bits of a value before entropy coding (eq. 1 counts float32).
VALUE_BITS = 32

# Table I: inference accuracy phi [%] with its spread, and computation times [ms].
ACCURACY_FA_100 = (73.3, 71.9, 70.8, 69.8, 68.7)
ACCURACY_FA_SA_40 = (71.7, 70.6, 69.5, 68.5, 67.6)
ACCURACY_STAE_40 = (72.6, 71.3, 70.1, 69.1, 68.1)
ACCURACY_DEEPISC_40 = (68.6, 67.1, 66.0, 64.9, 62.8)
SPREAD_FA_100 = (0.24, 0.21, 0.20, 0.19, 0.21)
SPREAD_FA_SA_40 = (0.20, 0.22, 0.21, 0.21, 0.20)
SPREAD_STAE_40 = (0.18, 0.17, 0.22, 0.20, 0.19)
SPREAD_DEEPISC_40 = (0.14, 0.19, 0.21, 0.16, 0.19)
#: S [2^20 byte] as printed, without entropy coding; eq. 1 rounded.
SIZE_MB_100 = (9.19, 4.59, 2.30, 1.15, 0.57)
SIZE_MB_40 = (3.67, 1.84, 0.92, 0.46, 0.23)
#: Vision transformer at the edge.
TIME_VIT = (31.5, 24.6, 18.7, 10.2, 6.8)
#: Frame attention on the device; at alpha = 16 there is nothing to select.
TIME_FA = (0.0, 2.7, 2.7, 2.7, 2.7)
#: Spatial attention at beta = 40 % on the device.
TIME_SA_40 = (43.3, 36.1, 30.3, 21.7, 15.4)
#: Feature recovery at beta = 40 % at the edge.
TIME_FR_40 = (16.3, 7.8, 4.9, 2.5, 1.6)
#: DeepISC's networks at beta = 40 %.
TIME_DEEPISC_40 = (82.7, 67.3, 54.1, 41.9, 31.5)

# Table II: entropy [bit per value] with its spread, encoding time on the device, decoding time at the edge [ms].
ENTROPY_STAE_100 = (15.37, 14.48, 13.86, 13.13, 12.62)
ENTROPY_STAE_40 = (14.03, 13.01, 12.89, 12.73, 12.26)
ENTROPY_DEEPISC_100 = (14.72, 13.71, 13.27, 12.91, 12.33)
ENTROPY_DEEPISC_40 = (13.92, 12.94, 12.47, 12.42, 12.11)
ENTROPY_SPREAD_STAE_100 = (0.14, 0.16, 0.12, 0.20, 0.19)
ENTROPY_SPREAD_STAE_40 = (0.12, 0.15, 0.17, 0.16, 0.18)
ENTROPY_SPREAD_DEEPISC_100 = (0.19, 0.14, 0.15, 0.11, 0.16)
ENTROPY_SPREAD_DEEPISC_40 = (0.19, 0.12, 0.14, 0.19, 0.12)
TIME_ENCODE_STAE_100 = (10.53, 8.25, 6.94, 4.76, 3.03)
TIME_ENCODE_STAE_40 = (9.35, 7.95, 5.90, 4.24, 2.79)
TIME_ENCODE_DEEPISC_100 = (8.73, 7.42, 5.49, 4.06, 2.30)
TIME_ENCODE_DEEPISC_40 = (8.31, 7.21, 5.08, 3.89, 2.02)
TIME_DECODE_STAE_100 = (8.63, 7.41, 5.52, 3.37, 2.04)
TIME_DECODE_STAE_40 = (7.92, 6.41, 4.91, 3.02, 1.76)
TIME_DECODE_DEEPISC_100 = (7.36, 5.83, 4.25, 2.79, 1.47)
TIME_DECODE_DEEPISC_40 = (7.12, 5.43, 4.07, 2.54, 1.35)

#: Local computing is the fastest only below this rate [Mbit/s], at alpha = 1 and beta = 40 % (section IV-B.2).
LOCAL_BELOW_MBPS = 1.2
#: DeepISC is faster than full offloading only below this rate [Mbit/s] (section IV-B.2).
DEEPISC_BELOW_MBPS = 227.0
#: Fig. 5(b): (rate [Mbit/s], deadline [ms], best frame budget, best pixel budget) as the text states (section IV-B.2).
BEST_BUDGETS = ((100.0, 100.0, 4, 0.4), (200.0, 100.0, 4, 1.0))
#: "more than 104 x" at alpha = 1 and beta = 40 %, at a loss of "about 5.2 %" (section IV-B.1).
COMPRESSION = 104.0
COMPRESSION_LOSS = 5.2
#: Largest gain over DeepISC that the text states [point] (section IV-B.1).
GAIN_OVER_DEEPISC = 5.3

#: Contradictions within the paper.
NOTES = (
    "DeepISC at alpha = 1, beta = 40 %: Table I prints 62.8 %, the text computes with 61.8 % (its gain of up to 5.3 "
    "points); the table is used",
    "section IV-B.2 says that at 200 Mbit/s alpha = 4, beta = 40 % satisfies no latency constraint; by Tables I and "
    "II it takes 83 ms of the 100 ms, and loses only for its lower accuracy",
    "by Tables I and II DeepISC at alpha = 1, beta = 40 % is faster than sending all 16 frames far above the stated "
    "227 Mbit/s; which sizes and times that comparison used is not said",
)
