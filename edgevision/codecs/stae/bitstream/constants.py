"""Written by benchmarks/train_video_models.py; ``learned_tables`` reads it."""

# fmt: off
#: Shape, and the numbers, compressed and in base 85.
TABLES: dict[str, tuple[tuple[int, ...], str]] = {
    "MASK_PRIOR": (
        (2048,),
        "c-nnceTY<56z9#CJG-;9!|13z2_8~^$gTAQw(ZL}pjKpy<Cc9eP$MN4OGJOD5E$p5%FqP`MGd2gS}`Nr+%%#OE@{EGgt>LgT?`)!y`-n(b9S"
        "7ao!Ob&x$nJkb`5&NynF7w=brQXopbJa+PL=NaR+PR*R{>-^X=1J5}beJIoZYU;K%E0r1pXK^rJrjYMt8R_TK`dk;{pXPs%-|&~P}jO|Fu0j"
        ">rYhc{u+6!)FQFOIm^?XzSJHqm36H;tTd4<>&z7au8SuVK}8!qe(4nylm|2z&M<7a^%rSZm4%vqITPE*A(C(vS%~0b<>eRt1$s@*@oFTESw6"
        "Bw!ErvFqpTLv?kidZ{PK2#hgM+rOiB+gP3AD((T4rl$kIZAk9Oy{<4lq_KC#W;{uAai1GIX$0?3x1A&1}K#j5J2LMbgB(d#)H)HF4oZY^yZe"
        "{P5&=qIN2HC4EvJ+?h`3U{VFE_at;sN^Sn|#3!6TN(^G+qe|2eF6dQJ&~Y4Zx{og5hhni(m8)88<X+!G$ylpw<!T*VbtmHy4|bjbRiLe@Dhz"
        "$*w&ssfzF3hDXAmq;Z$O{xye!8i)P;Jr%eZ$OT+rF$gX+INNy-vLW(rdsyL;hOL+;+d<T{+g50u^D%`xMYjOdVflFY-QYmrex)1DgjdnYpC1"
        "rRWGxSkVM3Ym#j_-bF%r1%o6xXMc(<9Pi8`*i)Zu76e9+63o*~4dMWEO!a$Lo0(84Pk`BRu<ygeD?`caJ-br!%h==?@`XDP@d**-VA-EYw$b"
        "1A0ryd#u<@vDP&00DYvlEjpr0X7&SYiElm+#B<U{IV9uR3kfvH|px$xKUQBnQq#EAp;r9AXD`Mz4^%LAP??DOC63rYgkxVBi4WQZ5640acJ+"
        "fnAT8tGf(%ZE1rw=2RP-ojClhSM!)Q>MJ{MN3VE`2ioH*9ufH*s%G(v3ab4OdLp=QAQL2U*&RfmSF?*3P;HOIV2IYqDulCh9Pr#t#=UV-8v+"
        "7HUs+g??L*eD6;Ll0V4sFrycB}0`bQ9QE+rcv<ra;F(FWY&1HARC^>s=t=(h6GKmscjUeTS~~RHI|sFx}%k`z1Ms<0v0Pqi8w&2HCgCn_L9?"
        "pyHnb_C?ml(hBl>Odv7Fz8$r!T;Oz^QMegzeUsKoYiF=fsJZ+HIK`ul;>=whiV0j?f-CLO8SYZ}NM`HXtB?FXMCW<Vc!Btp&&$s%b!pWb@!P"
        "-wlz+;CPIbr!saamHS(9peP#%yG9@^sH7UiF(fl>Q&@f|^L^tuBYs*H<35?7H_DHm8;CYMymPrk>}C#e(3lk#~vB2ki3of?re1hW)=fYcFm*"
        "u+|%&Y!3%e#|;t&&jA;OU>p4x3ub5qxwjX3UDY+au!`m*lOvQmk9s<qt|`Bw%dGE{SG(k!C_o^GyS=kL@SBOMz?@Q58=&E1UJy|?lQ(B4B=s"
        ">D$UzBjJz%a-)mcQQ%HR!xD6^G?==$>j;ZQ{^en7Ic|5(2vK3{auJpCGY7&5bS5n^>#@>;gwVV8XNQt?hGtuO)LIc=AQWp0r`}kZ5ueOi3?7"
        "FUEB9c!L@!~7alM_--R!Dhwp#szMN&5-fPoUn~&Dp3<QJj_+XAA_RC=b`!T>t#PpURsVF>p>VSMg$>Me@N<c?HX%k??jXLw%#%RGpGnDgT)<"
        "o9ZC+W8m!vO%&9>SBB4Pf3+9xI(<eSlLm&KIVeH?3oz0J8v",
    ),
    "ERROR_WEIGHTS": ((6, 13), "c-m87VP;}vWPkv6Ae#ZkVTE!SnSdMtMvx*VCWtaH2daw=!U4-L0RR}g0D1"),
    "USUAL_WEIGHTS": (
        (24, 28),
        "c-obc%}N6?5P)YUo9wn-D=muXO}$A$J@f$t5j=?CP4FU!PvEn85~1Qn5G{C8Pu5bQ{vf5LZg-P0O{Fd^Jv4_f@MXTtOtN~ro(o|5wd^exX#("
        "4O%(I@rwl0^@cTwz<uhFC=CAol;oZGdciCx45BZrQzb2@QRqEG^w6f0F$DDR?~ujpH;*aO2-F%ZLsoCD!l@MaoX#3}DieU=B#Leqcms;*`D#"
        "}4m89@Ih_Vi1h|W-^Ry^Ew%!+7B1fn{J+2<1w6af;i3&YPMdlaSvvk?Y2S@em<X*veh7yNp(N}6EN>X&pDl!|KFjbv?;t)?Hq8Fom@$4YS#%"
        "9A0#4kIxmZ=SFMCOV^FwZvsE~UGIl#dBq9U4pHm*@t!X>(&Ds+nY1Fn#9R4~!zVYpStydKJru>LxA~4E8VBHA69MgI^",
    ),
}
