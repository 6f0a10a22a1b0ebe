package sala.testing;

/**
 * The project's one table of tolerances: a row per operation and element type. A figure bounds
 * {@code max|actual - expected| / max|expected|} over an array. Rows are measured first and then set a little above;
 * loosening one comes with the cause in its commit.
 */
public enum Tolerance {
    /** Operations of {@code sala.kernels.reference} against {@code golden/kernels}. */
    REFERENCE_F64(1e-13, 1e-15),
    /** The same with logits shifted by 1e5, where a double keeps 11 decimals. */
    REFERENCE_SHIFTED_F64(1e-10, 1e-15),
    /** {@code ReferenceForwardPass} on {@code golden/cases}; the observed values are rounded to float: measured 6e-8. */
    GOLDEN_CASES_REFERENCE(1e-7, 1e-12),
    /** The same on {@code sala-tiny-en}. */
    GOLDEN_TINY_MODEL_REFERENCE(1e-7, 1e-12),
    /** Rounding of one value to float: half an ulp. */
    FLOAT_ROUNDING(6e-8, 1e-44),

    /** {@code CpuForwardPass} on {@code golden/cases}: what {@code golden/README.md} allows an f32 engine. */
    CPU_F32_CASES(2e-5, 1e-12),
    /** {@code CpuForwardPass} on {@code sala-tiny-en}. */
    CPU_F32_TINY_MODEL(1e-4, 1e-12),
    /** Matrix products of the CPU pass: float sums of up to 16,384 terms. */
    CPU_F32_MATMUL(1e-5, 1e-12),
    /** Norms, rotations, gates and sums of the CPU pass: a few roundings to float. */
    CPU_F32_ELEMENTWISE(1e-6, 1e-12);

    private final double relative;
    private final double absolute;

    Tolerance(double relative, double absolute) {
        this.relative = relative;
        this.absolute = absolute;
    }

    /** Largest allowed difference as a share of the largest expected magnitude. */
    public double relative() {
        return relative;
    }

    /** Difference that is always allowed, for references that are all zero. */
    public double absolute() {
        return absolute;
    }
}
