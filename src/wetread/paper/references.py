"""What is cited, numbered in the order in which the text first names it.

Only methods that a run used are cited. The citation of pretrained weights comes from the run itself (numbers.json).
"""

from __future__ import annotations

#: Key -> reference. Journals abbreviated as in PubMed.
KNOWN = {
    "delong": "DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more correlated receiver "
    "operating characteristic curves: a nonparametric approach. Biometrics 1988;44:837-845. doi 10.2307/2531595.",
    "newcombe": "Newcombe RG. Confidence intervals for an effect size measure based on the Mann-Whitney statistic. "
    "Part 2: asymptotic methods and evaluation. Stat Med 2006;25:559-573. doi 10.1002/sim.2324.",
    "square-and-add": "Newcombe RG. Interval estimation for the difference between independent proportions: "
    "comparison of eleven methods. Stat Med 1998;17:873-890.",
    "wilson": "Wilson EB. Probable inference, the law of succession, and statistical inference. J Am Stat Assoc "
    "1927;22:209-212. doi 10.1080/01621459.1927.10502953.",
    "bca": "Efron B. Better bootstrap confidence intervals. J Am Stat Assoc 1987;82:171-185. "
    "doi 10.1080/01621459.1987.10478410.",
    "boyd": "Boyd K, Eng KH, Page CD. Area under the precision-recall curve: point estimates and confidence intervals. "
    "ECML PKDD 2013, LNCS 8190:451-466. doi 10.1007/978-3-642-40994-3_29.",
    "nadeau": "Nadeau C, Bengio Y. Inference for the generalization error. Mach Learn 2003;52:239-281. "
    "doi 10.1023/A:1024068626366.",
    "nested": "Varma S, Simon R. Bias in error estimation when using cross-validation for model selection. BMC "
    "Bioinformatics 2006;7:91. doi 10.1186/1471-2105-7-91.",
    "guo": "Guo C, Pleiss G, Sun Y, Weinberger KQ. On calibration of modern neural networks. ICML 2017, PMLR "
    "70:1321-1330. arXiv 1706.04599.",
    "platt": "Platt JC. Probabilistic outputs for support vector machines and comparisons to regularized likelihood "
    "methods. In: Advances in Large Margin Classifiers. MIT Press 1999:61-74.",
    "youden": "Youden WJ. Index for rating diagnostic tests. Cancer 1950;3:32-35.",
    "hog": "Dalal N, Triggs B. Histograms of oriented gradients for human detection. CVPR 2005:886-893. "
    "doi 10.1109/CVPR.2005.177.",
    "lbp": "Ojala T, Pietikainen M, Maenpaa T. Multiresolution gray-scale and rotation invariant "
    "texture classification "
    "with local binary patterns. IEEE Trans Pattern Anal Mach Intell 2002;24:971-987. doi 10.1109/TPAMI.2002.1017623.",
    "ap": "Davis J, Goadrich M. The relationship between precision-recall and ROC curves. ICML 2006:233-240. "
    "doi 10.1145/1143844.1143874.",
    "brier": "Brier GW. Verification of forecasts expressed in terms of probability. Mon Weather Rev 1950;78:1-3.",
    "kappa": "Cohen J. A coefficient of agreement for nominal scales. Educ Psychol Meas 1960;20:37-46. "
    "doi 10.1177/001316446002000104.",
    "decision": "Vickers AJ, Elkin EB. Decision curve analysis: a novel method for evaluating prediction models. Med "
    "Decis Making 2006;26:565-574. doi 10.1177/0272989X06295361.",
    "holm": "Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat 1979;6:65-70.",
    "adamw": "Loshchilov I, Hutter F. Decoupled weight decay regularization. ICLR 2019. arXiv 1711.05101.",
    "adam": "Kingma DP, Ba J. Adam: a method for stochastic optimization. ICLR 2015. arXiv 1412.6980.",
    "imbalance": "van den Goorbergh R, van Smeden M, Timmerman D, Van Calster B. The harm of class "
    "imbalance corrections "
    "for risk prediction models. J Am Med Inform Assoc 2022;29:1525-1534. doi 10.1093/jamia/ocac093.",
    "focal": "Lin TY, Goyal P, Girshick R, He K, Dollar P. Focal loss for dense object detection. ICCV 2017:2999-3007. "
    "doi 10.1109/ICCV.2017.324.",
    "menon": "Menon AK, Jayasumana S, Rawat AS, et al. Long-tail learning via logit adjustment. ICLR 2021. "
    "arXiv 2007.07314.",
    "gradcam": "Selvaraju RR, Cogswell M, Das A, et al. Grad-CAM: visual explanations from deep networks via "
    "gradient-based localization. ICCV 2017:618-626. doi 10.1109/ICCV.2017.74.",
    "occlusion": "Zeiler MD, Fergus R. Visualizing and understanding convolutional networks. ECCV 2014:818-833. "
    "doi 10.1007/978-3-319-10590-1_53.",
    "knn": "Sun Y, Ming Y, Zhu X, Li Y. Out-of-distribution detection with deep nearest neighbors. ICML 2022, PMLR "
    "162:20827-20840. arXiv 2204.06507.",
    "figueroa": "Figueroa RL, Zeng-Treitler Q, Kandula S, Ngo LH. Predicting sample size required for classification "
    "performance. BMC Med Inform Decis Mak 2012;12:8. doi 10.1186/1472-6947-12-8.",
    "dicom": "National Electrical Manufacturers Association. Digital Imaging and Communications in Medicine (DICOM) "
    "Standard, PS3.3: information object definitions, section C.11 (look-up tables and windows).",
    "sklearn": "Pedregosa F, Varoquaux G, Gramfort A, et al. Scikit-learn: machine learning in Python. J "
    "Mach Learn Res "
    "2011;12:2825-2830.",
    "newton": "Nash SG. A survey of truncated-Newton methods. J Comput Appl Math 2000;124:45-59. "
    "doi 10.1016/S0377-0427(00)00426-X.",
    "torch": "Paszke A, Gross S, Massa F, et al. PyTorch: an imperative style, high-performance deep learning library. "
    "NeurIPS 2019;32:8024-8035.",
    "timm": "Wightman R. PyTorch Image Models. 2019. doi 10.5281/zenodo.4414861.",
    "claim": "Tejani AS, Klontzas ME, Gatti AA, et al. Checklist for Artificial Intelligence in Medical "
    "Imaging (CLAIM): "
    "2024 update. Radiol Artif Intell 2024;6:e240300. doi 10.1148/ryai.240300.",
    "tripod": "Collins GS, Moons KGM, Dhiman P, et al. TRIPOD+AI statement: updated guidance for reporting clinical "
    "prediction models that use regression or machine learning methods. BMJ 2024;385:e078378. "
    "doi 10.1136/bmj-2023-078378.",
    "stard": "Sounderajah V, Guni A, Liu X, et al. The STARD-AI reporting guideline for diagnostic "
    "accuracy studies using "
    "artificial intelligence. Nat Med 2025;31:3283-3289. doi 10.1038/s41591-025-03953-8.",
}


class References:
    """Numbers references as they are first cited."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def __call__(self, *keys: str) -> str:
        """``[1]`` or ``[1, 2]`` for keys of `KNOWN`."""
        return self._cite({key: KNOWN[key] for key in keys})

    def own(self, text: str) -> str:
        """``[3]`` for a reference that the run brought along."""
        clean = " ".join(text.split()).replace("[", "(").replace("]", ")")
        return self._cite({clean: clean})

    def _cite(self, wanted: dict[str, str]) -> str:
        for key, text in wanted.items():
            self._texts.setdefault(key, text)
        order = list(self._texts)
        return f"[{', '.join(str(number) for number in sorted(order.index(key) + 1 for key in wanted))}]"

    @property
    def texts(self) -> tuple[str, ...]:
        """All references in the order of their numbers."""
        return tuple(self._texts.values())
