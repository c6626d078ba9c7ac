"""Written by benchmarks/train_video_models.py; ``models`` reads it."""

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
    "INTRA_MODES": (
        (8, 25, 21),
        "c-k#j$#Nyfb<Mmv)$nFK0BkhWoZ6(D6ctiX3P+Ik+W+8{|HR?n@ya_(p^(E1DY&5}(^AVEx|_`&Fh9Jxs&e)zG#~H+g{rK~y!W1S?#Wkd%R("
        "2di#(<f6C=U%mV}U|tV$&cSsA4Sk$hH<hsQ>lS_@UG9D-29+WD!TNK2Y!ipwr+_Kx%F=$NbRa+Pxmn;V;X>k>aaHkn<mt~bO}EF~WeSkBWpQ"
        "rADIZO3!wQwn^@89itZ+Ovg94%fr6<$I|Ud*_1k8K)Vh&jXf-?L}q}o>8~&_`L9*#4ZWpEbgA|ovyj58BrT3Q_4L5?c+bwNW{UIr{M6v<cYC"
        "Ytu>P}1<ynZT(T@AXKKC5W96F=85c1mPCT<GQmRafN0m9_92<+6BRU?U&pD=?iE)<kMBMI!4oqMm5${)_oUdZ7bxBBOmI4zp%t3Be^MYipQ%"
        "YJgAt^<_wnRm#Wscr6t#C6&etks2ltN-=>jW`!E)yT;O)Lf5iOd_pS@KNfX3Q8H^SF&9HVyIMHOev-HdW=un^xqO=a96MKfU)vK232qvpP-~"
        "wplt#FZYYYqM;xVOC-jy5N}ISP4FrPxumk7!Vs<asKZD(;>DC4_bDRYWvRFk4Ob?6#v-}w1-ll<vm)iDF1WFl;VO~19!~4BiIxSClIJ9?Pps"
        "^yN)2E8lI$k&K!Yx_5awpfWbFEcmr(?%i7(j+vyR(aN!AnP7+I64t!f(*v%xkx2QK7*vmeYvEx0gVQ8o#c3@CmRPxrThH`cqM;S%L!2)N-}Z"
        "$eSpL>QA1D37mXasesT1xG?+q>xDrE>^)%tR+B)k^>4ch@*8IWC)?m!F!cacFFDZ+1Gjwx}XerfnyaWcxCrSS9~y1YA~odDN~j7_{fjmn(Co"
        "0h3X^hSs2aXX*CB_bGyB19b+jpE8iTw6Lmr9X4PIUiD9|DW%+RaI?33a-Bgr4aF^>jf4^#eSVV3YL-iK$k&_wmIGk3G|Jsoomf_x8z+nnu5&"
        "z}8fBkr9^YC33UZX@zQae;nMVVp|kcgx#lRY8=pQJfWJ8AD{ZVU@7`)N+rjD$))RSYz7*ij2TIN6Qm=*Hg+IVuyFHXG!a-HyzylKTQ|y4506"
        "WtGh9Bhz|~%8+gq56(1{?>`^dbp>t;D1&ZvkYL{P=5V&H<9J2nDd|8WfNGm**s{c#k4$$6DVLF6>sl@o_{EVTDU)!5@ulx*%tYIw5ady0U^H"
        "K(D1B*#5HV)avm2RuQIs)7QVgjO(2zs`h3g~-AA&)-gT$*5vUt(NPANnNLJMpHY7y9W)FKf{v?2+JLrjtpTeOsLkrjy5O9Mp+;K^*@-s`9s="
        "IoAG50Q$}qgX#bO@hSQtw$1B0?XNZwO!9;tS&8IB>-ONb>bhyXRlAAkXJL|*qtox<}4q*q-~bfWswhez5cnv^V8WM>jvBGicqy!Sn_(yXS2s"
        "AuLXFu$q2L;x(tn;`|6g{ejHS%E!0{Bo&LHL0I&1~ibz3o4>;t5_XlD+l?O<^5W_AEg<<@kKE1ZH<;$bc=S`knB5KBee$3S5i<dPJr0T0QTV"
        "u9diHTKT#T8e=)9z4~HgNvnX~F7Oe{&^Kn<NH{F@p|&{`;7m`pME@i+29)c-O1y!LKLMf3g+|P0Jf*wkBk@*c_;f)0?SPNd3NU%AgrtVRXtZ"
        "QUqqlN<n~gUSs~`WsnS+2HzQmuyb3)1k^#zp;8nR%EY&62jwwP#*A<3TMElJO0cd?148A|=R`yj_$5?74HJ4PP@^Fk8IR-E1_%PFgq#7dtZx"
        "b%EM~gQT%Vmg*g<8os+uZfjdh|a&@M_mwBxPe6EQ?@P66#hM2Oh!hft}JmOG-<)+}ld(UCIS#YC_BX4q*2&@#hDlWXd-X2PVpfhfkVw&}l1w"
        "A87woJFTBhW7ZhMWQ9zh=zETmJ2Wvv5UR*QaI(IcIdhp>X85KGK;uIw!tor?u8dJYd$@o;?qY(9|<qsKGJ=gy!V;r<-1PdCbIqf8{13pr=L^"
        "sSO00Du{rs_pmAY>M+a!4zxhAc_fT>VA8CP$Pg-o_clV(T7*ag^wnUBc``?<Jo_&^B-*xNrT?4h_pZ&T?VSb{CdIJCNM>Zn$C;ugQ{MpkAs|"
        "UWl-&6wbfPL4c>e!(!SwI7v#7NK!lf*4L9yTv!@Ddj<3SdLC2A&A)2K=%4eC1&?B*@bD@C4`}A=EL4SWwG8B7sQzJYDws#`?#7X|Y=rnif8w"
        ")-X;z(^BsQu%pX>1odyFI|}!Ez)Cx&YMXoGAcYJ9a-hY{_^{9h0191(B}+_X2Q|_SCr}R{h)5f#<Jl{vGO8@Cl^z6<%y&{eqw&5jio7>P_Mu"
        "crLE+S7<y+W|sBGEqCq<~Jn{VlMBAf)-BZmkw>C~h0Nws1;)*Us*2SCM}_&7n1`q)@XJ&f;|^t#9Zv(zFHDJiJ`<*OQq1}&u$0v-@lK&fxbp"
        ")t_~EJ4Y75F|6vsDWbp*d!&OG-xU*_KmJq%&I-aJ2?pjmLAD!M!HRkd6GFBk8*-!Zl`nu3+p5gf}<@1e9Z0(YPExfU_m+oCxP!8y)vLX+yN~"
        "0#AZD=d9Q>>1>oKD5}$P4xAgw;U4;Epe3mKlA20bE3ghpYfaB}m>!I=ECttxwzNz^gKl-1Xmz*PWKN?5=1`B)*ZSU7-cQe14JjeRs1E816`M"
        "B<T2fU@JPs}eT6);(JSA7Bcf%g2Nd<5-8w!S&<`UoIMR(wDQf9w~wug38%uE>h%FY@jWJz(ARMD+_H@5SvW`Rj|=H?fZ|%Qs8s&V3YrH|xbq"
        "nrph-Bj@hq=lS3Nu79k*KeTrPdD7eGFP=to%qQ{QaBV?TXi%ju?;pH<b4^~F-GsG;tT{LF7tOEslTz%CmuA|I*3C5v8V=$>jnB3><ZQKF;0U"
        "sh!t9zsL80h|N;qD4#l4o@m-<LuTiRa2s^{S-rE%=4>E71May&sp1fo_xm?p;%?@xwlBU<S<GscQ8739Ba*x>O`^3gdwIP1zd=~|+$v2x)2M"
        "*D8(6|ARFB0ix?+LTMTgWft7RFZA=ePLK{@d1#KU~(fGMR&VhGdFE!V7K4*rv{DWxHR0+Cav|34^@QAhm6P9ZnA`htcF>^f1%a@mU25k8_ip"
        "{C|02YGaXTt+tP)!Rea!u=$$K012Ikp|5%$Y*^|ZkZOtTrH43}>;FONIpyA6)be`Ubl>7b1-Qc%}MeeF6gKw%kkn>mf-kJF?>YXqP^V1c8)Z"
        "5#k{LKBw^}A4>m!Dta-2~m-ooqf-Umn9-nwR?GqZUx%sa}_(+5fDUwg~UOzi&`sOxj(IruCoyeo^5J^~Kvezz3aM%&yN990U?oJDEeT0q9Ho"
        "tp`W9hqjv=oax4J*WDOIur#keUh}B?wtf*r6EzoeF%1Wo>kENA3fznvA=5v9x!k|=)$9dzfy}<96P)_^2Nz?u$kn!nEZ@Gji^)K2x8KZUE)N"
        "=q7S#<ByQyH}w#$L~-oU6RN<8{HLI(8gPf7D}FyJJd$)uTXe9B+bsofu0@;s@%N1uXajjsm<Ylll%DiIyz-S?+F^WBv$atVJQaL7npX3Soe-"
        "JU{Q;jjr;+VcZ*ykIjYpq)}7!~46=5V;mV43d>PTZm-=J%Q$?Kk<h#7rUes4x}k-Tf3D1QhDQa3B)Dd0x+i4sC_j^!%CG54%bvTELIBVyXxl"
        "9<T!6&TtPz|BzI7i58e4uw&U}LEpa@A3B8T_AJmH#U&)iRlJo|*AgNVm_t$x+vxDaw?lbq&)hX<Mb}qlIe9%Q(``UBm2Akq*KbGxydNzbHD!"
        "h@&X2(a<Cx@4C!{c?i#c?2~(vG|T2YbRCkp",
    ),
    "LOSSY_CODED": ((2, 2, 3, 3), "c-q_4(D1YY1Xvpyg24<vpOsn@4gwjBlF97;n}G}fI?)gG"),
    "LOSSY_ZERO": (
        (2, 2, 28, 3, 3),
        "c-l3RTTGe<6vrR;vSrzlJvCXn3vJe|S=XhRbZevSlIpfNTU}Rid}4<nqE)0I7lDI7<^F-(6j00kG87R|QB<(0*o$b1sjc6nn_1U7JGZ%}GkY"
        "4X?&P1G-~XKdc{{HGyaVty02PYQKzS(~J%<0d247Ts;!vB4ayi7H3(gqm6;9iCBFc$RtG+me5^JhYyQUbvgw$fGiuY2lnp)k;FF7`n*ufSym"
        "2r)1v%ZZ;|7z{WuGE~|IZ%5?N1n8_`o&eA7OGv=u5CEi>tzlE6e8gT#TZ-f=5jj;tI4LRD9dXnVRGKJZpEk!8L?lUwshJ#weB&|=nz}YsUDe"
        ";dWTV&hA^HG$AU@@oPTm#dOs~1w~&9n!q4`y2bF{js!sLu3>}1|1N=i~8;>-RLep{7(Mg$)X~H3eM?ni|xIQgUD<GW)C<7=0P(w)<d?tb;w4"
        "+sZb)3eEN`6qFR)fsi-cKpbvZzwz>>;3BXk&g&t4O5kd!u}}lc*(A1c=ttP*>@L^C~f&OhYGi29u%Gcxh=Vn#vd=QRSk5x~XrP=_DE2n{|A3"
        "fYu5suB1jHXECl^RiX)5ad+eN{KW+~c{p62Kv7R~hp^>R$RSQ?jS5r8P>*XUoQ!b!gJG3CXp*&wqgh^TmeZncUdzFgY2lqd)+&RaM<_Sxw3{"
        "KroGjoq^OLFM!a&p(vBpAyF}pGB);gp;I-1qw6uK+|uhyVaGTs1q58wlUIv`O2X@GA&I&f<L`^7~?CBX^sEbzqr?K2XZO-LUQlHRTOwunV2A"
        "rX_){C=m#8eol?#SxXtY~c17MMksK)WBknsyH@HnSk-<x@&Faht(-{-fCSLGLBdzVIC<WF`BsC@pW@<)*45>Or=l?HiCgS975#dZF-09_sL("
        "e<=<AZySe<_@=wdNuGr$1KC+<=JCKbmI+Zp?eg4IHp}bMa9OQ1_JDVSENkHk&nEjqAe(iho(RvWOo=x`+Zma~CCSqx<=h0pDAO5cGzVzc?1~"
        "=gT)7$<&DNz?GuQwlm>&3(G2RH(i7vU2Ye15E?`_*%vlLzZ#n|9drBM+kaj__k(r8UiOGHMT;tj4|mlI=z{-ihGgL(Dv})o27z<gW)-ZavFD"
        "T$1+tG7kYVw<3oT*azU;YFsSX3<eMWvSU~V0G{Rk_7)o8i8)*xa0N=kVH_X@_!pi+AqudS%M^|Zkbmx;*ET-03ts%*=mzfPUD$z#d+`5i2ip"
        "t(lYz}$0Ki_z0<YizSI~bOKQ3<",
    ),
    "LOSSY_LAST": (
        (2, 2, 28, 3),
        "c-lRW%Sr-K7=W4UIcH|h=-j-Gw}c@bFCi&<QZb`aQp}31g}4qOh-xeStAbkh0<Bs^574rW?@()>p>4M5TYSq8z65{)G*MDLOASXz)l*_=oXl"
        "WMrMM<%qDqL$fgqwtwgZT$s;NsBkr9?eQJ{*biqr}tU6o7`X*!Z*DH(U1zox?($TDQZ)tmrPQf|Ew+zew~;{+ubKZw{ok$Eg?0tuu#>0~yg*"
        "c4$zc!3wikRLT&N)*Q+L6g(DV!3b)Z~~qA!%?l)s_bVcZ8kmKEl%>|VWZddpGN1yacNL&t!;0ye%8j#oBr*3HDAO#v9@PrLc_{k@65mOM)&Q"
        "<IxEB+e{b-X11LjZ?uM?a$H{qZx-kHFUA|v_!lC{*@$9+N8O&U^@R>v53%-Fdc!9;rIR;DkfE5h>>B7%1c_2p$",
    ),
    "LOSSY_MORE": (
        (2, 3, 4, 14),
        "c-m`NeB<fUH}BuPdHUwrn=cJ%Ju46Fymso!^Rw^nUT^4Jv}W7Eo#)S=xxDGYjfTaW_8vWP=FGXP*KXap+n_JjVA%i%`pW*Q2wq0#<RwcNUpR"
        "SS_m!1f8d_&8T)k!Ip51#6?>cdyK}IX5c5ceFMYkJ{A3xq8ukBnsts(0+gl8U<(La0IvgI>3UzvBmAtAr9f9l+&D^_jUe(F#|($wV}_ntg)@"
        "W7=5cb+#m#rI5JyLJ18*<03MI^7VEQ#pU>%%yuK%xTyf*N~7~H=%Ro{8jtsti8FeK~`Z}9KxZxhUU@;cba>~hs=m-I1Z8b3Jorav~Pg=Lsr1"
        "@_HDSI6l4sM^l9i=n=FER-`3hf7w&ridgr=}",
    ),
    "LOSSY_BEYOND": ((16,), "c-p(UZ+el5m}mnG002RP2Y>"),
    "LOSSY_TIMED": ((3,), "c-rf`{R;pDT>@k"),
    "LOSSY_MOVED": ((3,), "c-muc`vw348Ucg"),
    "LOSSY_MODE": (
        (11, 8),
        "c-qSl;boU|V&_mZl;skQ;Nlh$*OfA|5D<}&=2G-^VCNH+6ckFdXXO+U;o;M(<>r*&H{ccyR}qj9R?x6BV3CnwljMyGV_{L_V&`wwX5^aB!_K"
        "ZE&&Uh_>!=F=",
    ),
}
