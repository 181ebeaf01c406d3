"""Rows for the transformers whose features approximate a kernel."""

from sklearn.kernel_approximation import AdditiveChi2Sampler, PolynomialCountSketch, SkewedChi2Sampler

from tests.harness import Case

LOGARITHM = "float32 rows have a float32 logarithm, which float64 weights are applied to"
FOURIER = "beside a huge value, native's Fourier transform leaves nothing but rounding noise"

CASES = [
    *[Case(AdditiveChi2Sampler(sample_steps=steps), data="positive") for steps in (1, 2, 3)],
    Case(AdditiveChi2Sampler(sample_steps=4, sample_interval=0.3), data="counts"),
    Case(AdditiveChi2Sampler(), data="whole"),
    *[
        case
        for sampler, data in (
            (SkewedChi2Sampler(n_components=10, random_state=0), "positive"),
            (SkewedChi2Sampler(skewedness=0.5, n_components=7, random_state=0), "counts"),
        )
        for case in (
            Case(sampler, data=data, skip=("float32",), reason=LOGARITHM),
            Case(sampler, data=data, skip=("native",), rtol=1e-5, reason=LOGARITHM),
        )
    ],
    Case(PolynomialCountSketch(gamma=0.3, n_components=3, random_state=0), huge=1e3, reason=FOURIER),
    Case(
        PolynomialCountSketch(degree=3, gamma=0.5, coef0=2, n_components=7, random_state=0),
        huge=1e3,
        reason=FOURIER,
    ),
    Case(PolynomialCountSketch(degree=1, n_components=1, random_state=0)),
    Case(PolynomialCountSketch(gamma=0.1, coef0=1, n_components=6, random_state=0), data="whole"),
]
