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
    /** {@code ReferenceForwardPass} in double precision against whole models; {@code golden/README.md} allows 2e-5. */
    GOLDEN_MODEL_F64(1e-9, 1e-12),
    /** {@code ReferenceForwardPass} with every stored value rounded to float, {@code golden/cases}. */
    GOLDEN_CASES_F32(2e-5, 1e-12),
    /** The same on {@code sala-tiny-en}; {@code golden/README.md} allows 1e-4. */
    GOLDEN_TINY_MODEL_F32(1e-4, 1e-12),
    /** Rounding of one value to float: half an ulp. */
    FLOAT_ROUNDING(6e-8, 1e-44),

    /** {@code CpuForwardPass} on {@code golden/cases}: 20 times the float32 loss measured there, at least 2e-5. */
    CPU_F32_LOGITS(2e-5, 1e-12),
    /** Residual stream and final norm, likewise. */
    CPU_F32_HIDDEN(2e-5, 1e-12),
    /** Recurrent state, likewise. */
    CPU_F32_STATE(2e-5, 1e-12),
    /** {@code CpuForwardPass} on {@code sala-tiny-en}. */
    CPU_F32_TINY_MODEL(1e-4, 1e-12),
    /** Matrix products of the CPU pass: float sums of up to 16,384 terms. */
    CPU_F32_MATMUL(1e-5, 1e-12);

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
