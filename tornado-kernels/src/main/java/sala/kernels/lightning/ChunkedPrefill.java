package sala.kernels.lightning;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Many tokens of lightning attention: the same as {@link RecurrentStep} token by token, chunk by chunk.
 *
 * <pre>
 *   1. {@link ChunkState}    what each chunk adds to the state; all chunks at once
 *   2. {@link ChunkScan}     the state before each chunk, and after the last; one chunk after the other
 *   3. {@link ChunkOutput}   the tokens' outputs; all chunks at once
 * </pre>
 *
 * <p>Every chunk size computes the same; a larger one does more inside the chunks and moves fewer states. The last chunk
 * decays by its real length, so calls of any length may follow each other. Ground truth:
 * {@link sala.kernels.reference.LightningAttention#chunkedPrefill}.
 */
public final class ChunkedPrefill {
    /** A chunk size that fills the tiles of all phases. */
    public static final int DEFAULT_CHUNK_SIZE = 64;

    private ChunkedPrefill() {}

    /** Elements of {@code chunkStates}: {@code [maxChunks, numHeads, headDim, headDim]}. */
    public static int chunkStatesSize(int maxTokens, int chunkSize, int numHeads, int headDim) {
        return Math.multiplyExact(
                Math.multiplyExact(maxChunks(maxTokens, chunkSize), numHeads), Math.multiplyExact(headDim, headDim));
    }

    /**
     * Adds the three phases to a graph as {@code <task>State}, {@code <task>Scan} and {@code <task>Output}.
     *
     * @param step see {@link Step}
     * @param q {@code [T, numHeads, headDim]}, f32, after norm and rotation
     * @param k {@code [T, numHeads, headDim]}, f32, likewise
     * @param v {@code [T, numHeads, headDim]}, f32
     * @param decaySlopes {@code [numHeads]}, f32, see {@link LightningDecay#slopes}
     * @param state {@code [numHeads, headDim, headDim]}, f32, key channel before value channel; updated in place
     * @param chunkStates scratch of {@link #chunkStatesSize} elements; layers may share it
     * @param out {@code [T, numHeads, headDim]}, f32
     * @param maxTokens largest number of tokens of a call
     * @param chunkSize tokens of a chunk, at least 1
     * @throws IllegalArgumentException if an array is null or too small, or a size is less than 1
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            IntArray step,
            FloatArray q,
            FloatArray k,
            FloatArray v,
            FloatArray decaySlopes,
            FloatArray state,
            FloatArray chunkStates,
            FloatArray out,
            int maxTokens,
            int chunkSize,
            int numHeads,
            int headDim,
            float attentionScale) {
        KernelArguments.requireAtLeast("maxTokens", 1, maxTokens);
        KernelArguments.requireAtLeast("chunkSize", 1, chunkSize);
        KernelArguments.requireAtLeast("numHeads", 1, numHeads);
        KernelArguments.requireAtLeast("headDim", 1, headDim);
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        KernelArguments.requireShape("q", q, "[maxTokens, numHeads, headDim]", maxTokens, numHeads, headDim);
        KernelArguments.requireShape("k", k, "[maxTokens, numHeads, headDim]", maxTokens, numHeads, headDim);
        KernelArguments.requireShape("v", v, "[maxTokens, numHeads, headDim]", maxTokens, numHeads, headDim);
        KernelArguments.requireShape("decaySlopes", decaySlopes, "[numHeads]", numHeads);
        KernelArguments.requireShape("state", state, "[numHeads, headDim, headDim]", numHeads, headDim, headDim);
        KernelArguments.requireShape("out", out, "[maxTokens, numHeads, headDim]", maxTokens, numHeads, headDim);
        int maxChunks = maxChunks(maxTokens, chunkSize);
        ChunkState.addTo(
                graph, task + "State", step, k, v, decaySlopes, chunkStates, maxChunks, chunkSize, numHeads, headDim);
        ChunkScan.addTo(graph, task + "Scan", step, decaySlopes, chunkStates, state, chunkSize, numHeads, headDim);
        ChunkOutput.addTo(
                graph,
                task + "Output",
                step,
                q,
                k,
                v,
                decaySlopes,
                chunkStates,
                out,
                maxChunks,
                chunkSize,
                numHeads,
                headDim,
                attentionScale);
    }

    private static int maxChunks(int maxTokens, int chunkSize) {
        return Math.ceilDiv(maxTokens, chunkSize);
    }
}
