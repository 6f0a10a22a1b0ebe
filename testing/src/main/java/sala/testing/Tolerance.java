package sala.testing;

/**
 * The project's one table of tolerances: a row per operation and element type. A figure bounds
 * {@code max|actual - expected| / max|expected|} over an array. Rows are measured first and then set a little above;
 * loosening one comes with the cause in its commit.
 */
public enum Tolerance {
    /** Operations of {@code sala.kernels.reference} against {@code golden/kernels} and their laws: measured 1.2e-14. */
    REFERENCE_F64(5e-14, 1e-15),
    /** {@code ReferenceForwardPass} on {@code golden/cases}; the observed values are rounded to float: measured 6e-8. */
    GOLDEN_CASES_REFERENCE(1e-7, 1e-12),
    /** The same on {@code sala-tiny-en}: measured 5.9e-8. */
    GOLDEN_TINY_MODEL_REFERENCE(1e-7, 1e-12),
    /** {@code ReferenceForwardPass} with stored values rounded to float, {@code golden/cases}: measured 3.8e-7. */
    GOLDEN_CASES_REFERENCE_F32(1e-6, 1e-12),
    /** The same on the prompts of {@code sala-tiny-en} below 1,000 tokens: measured 1.9e-7. */
    GOLDEN_TINY_MODEL_REFERENCE_F32(1e-6, 1e-12),
    /** Caches of {@code ReferenceForwardPass} after one call and after several: measured 7e-16. */
    REFERENCE_LAWS_F64(1e-14, 1e-15),
    /** Rounding of one value to float: half an ulp. */
    FLOAT_ROUNDING(6e-8, 1e-44),

    /** {@code CpuForwardPass} on {@code golden/cases}: what {@code golden/README.md} allows an f32 engine. */
    CPU_F32_CASES(2e-5, 1e-12),
    /** {@code CpuForwardPass} on {@code sala-tiny-en}. */
    CPU_F32_TINY_MODEL(1e-4, 1e-12),
    /** Matrix products of the CPU pass: float sums of up to 16,384 terms. */
    CPU_F32_MATMUL(1e-5, 1e-12),
    /** Norms, rotations, gates and sums of the CPU pass: a few roundings to float. */
    CPU_F32_ELEMENTWISE(1e-6, 1e-12),
    /** Softmax attention of the CPU pass, given the blocks. */
    CPU_F32_ATTENTION(3e-6, 1e-12),
    /** Linear attention of the CPU pass, outputs and state. */
    CPU_F32_LIGHTNING(3e-6, 1e-12),

    /** Norms, gates, rotations and gathers of the kernels, written as f32: measured 1.9e-7. */
    KERNEL_ELEMENTWISE_F32(5e-7, 1e-12),
    /** The same, written as f16: one rounding to 11 bits, 4.88e-4 of a value: measured 3.8e-4. */
    KERNEL_ELEMENTWISE_F16(4.9e-4, 1e-12),
    /** The same, written as bf16: one rounding to 8 bits, 3.91e-3 of a value: measured 3.1e-3. */
    KERNEL_ELEMENTWISE_BF16(3.92e-3, 1e-12),
    /** Cosines and sines of the kernels, at any position; one rounding to float: measured 3.4e-8. */
    KERNEL_ROPE_TABLE(6.5e-8, 1e-12),
    /** Lightning attention of the kernels, outputs and states, recurrent and chunked: measured 4.2e-6. */
    KERNEL_LIGHTNING_F32(8e-6, 1e-12),
    /**
     * Matrix-vector kernels, f32 sums over the lanes of a team: measured 3.5e-6 on the interpreter and 5.3e-6 on PoCL, both
     * for the one row of a matrix whose sum nearly cancels; 3e-7 elsewhere.
     */
    KERNEL_MATVEC(1e-5, 1e-12),
    /** The same and the tiled products through a sigmoid or SiLU: measured 2.3e-6. */
    KERNEL_MATVEC_GATED(1e-5, 1e-12),
    /** Tiled and tensor-core matrix products, one f32 sum after another: measured 1.3e-6. */
    KERNEL_MATMUL(1e-5, 1e-12),
    /** MLP on tensor cores, f16: measured 6.6e-6, and 1.1e-4 where an activation rounds to its other neighbour. */
    KERNEL_TENSOR_MLP_F16(3e-4, 1e-12),
    /** The same in bf16: measured 1.6e-6, and 1.9e-3 where an activation rounds to its other neighbour. */
    KERNEL_TENSOR_MLP_BF16(4e-3, 1e-12),

    /** Key compression kernel, f32: sums of up to 128 keys, measured 2.9e-7. */
    KERNEL_KEY_COMPRESSION(6e-7, 1e-12),
    /** The same in f16: the mean may round to the other of two neighbours; measured 0. */
    KERNEL_KEY_COMPRESSION_F16(1e-3, 1e-12),
    /** Prefill on tensor cores against f32, inputs of products rounded to f16: logits and hidden states, measured 1.4e-3. */
    DEVICE_TENSOR_F16(3e-3, 1e-12),
    /** The same rounded to bf16: measured 8.7e-3. */
    DEVICE_TENSOR_BF16(2e-2, 1e-12),
    /** Attention kernels, dense and sparse, whole and split, over the stored keys and values: measured 1.2e-6. */
    KERNEL_ATTENTION(3e-6, 1e-12),
    /** Attention on tensor cores, whose queries and softmax numerators are rounded to f16: measured 9.2e-4. */
    KERNEL_TENSOR_ATTENTION(1.5e-3, 1e-12),
    /** The same of one token, whose queries keep their digits: measured 1.9e-4. */
    KERNEL_TENSOR_DECODE_ATTENTION(3e-4, 1e-12);

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
