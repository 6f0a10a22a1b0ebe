package sala.kernels.reference;

/**
 * Compressed keys: means over overlapping windows of the cached keys, per KV head. Values are never compressed.
 *
 * <pre>  out[j] = mean of keys[t],  kernelStride j &lt;= t &lt; kernelStride j + kernelSize,   whole windows only  </pre>
 *
 * <p>Block selection uses fine windows ({@code kernel_size}, {@code kernel_stride}) and coarse ones four times as wide
 * and as far apart. Means are not rounded.
 */
public final class KeyCompression {
    private KeyCompression() {}

    /** Windows that lie wholly inside the first {@code length} tokens. */
    public static int count(int length, int kernelSize, int kernelStride) {
        return length < kernelSize ? 0 : (length - kernelSize) / kernelStride + 1;
    }

    /**
     * Means of all whole windows.
     *
     * @param keys {@code [length, width]}, width being {@code numKvHeads * headDim}
     * @param width at least 1
     * @param kernelSize tokens of a window
     * @param kernelStride tokens between the starts of two windows
     * @return {@code [count(length), width]}
     * @throws IllegalArgumentException if {@code keys} does not consist of whole tokens or a size is less than 1
     */
    public static double[] compress(double[] keys, int width, int kernelSize, int kernelStride) {
        Arguments.requireMultiple("keys", keys.length, width, "[length, numKvHeads, headDim]");
        Arguments.requireAtLeast("kernelSize", kernelSize, 1);
        Arguments.requireAtLeast("kernelStride", kernelStride, 1);
        double[] out = new double[count(keys.length / width, kernelSize, kernelStride) * width];
        for (int window = 0; window * width < out.length; window++) {
            for (int channel = 0; channel < width; channel++) {
                double sum = 0;
                for (int token = window * kernelStride; token < window * kernelStride + kernelSize; token++) {
                    sum += keys[token * width + channel];
                }
                out[window * width + channel] = sum / kernelSize;
            }
        }
        return out;
    }
}
