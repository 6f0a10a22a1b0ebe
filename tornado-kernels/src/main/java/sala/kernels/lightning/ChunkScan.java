package sala.kernels.lightning;

import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Second phase of chunked prefill: replaces what each chunk adds by the state before the chunk, and leaves the state after
 * the last one in place.
 *
 * <pre>
 *   for each chunk c in order, n its real number of tokens:
 *     added             = chunkStates[c]
 *     chunkStates[c]    = state
 *     state             = exp(-decaySlopes[h] n) state + added
 * </pre>
 *
 * <p>Launch: a lane an element of the state, {@value #LANES} lanes a work group. Ground truth:
 * {@link sala.kernels.reference.LightningAttention#chunkedPrefill}.
 */
public final class ChunkScan {
    private static final int LANES = 256;
    /** Chunks that a lane loads before it stores the first. */
    private static final int BATCH = 8;

    private ChunkScan() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param decaySlopes {@code [numHeads]}, f32, see {@link LightningDecay#slopes}
     * @param chunkStates {@code [maxChunks, numHeads, headDim, headDim]}, f32; in place
     * @param state {@code [numHeads, headDim, headDim]}, f32; in place
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray decaySlopes,
            FloatArray chunkStates,
            FloatArray state,
            int chunkSize,
            int numHeads,
            int headDim) {
        int index = context.globalIdx;
        int stateSize = numHeads * headDim * headDim;
        if (index < stateSize) {
            int numTokens = step.get(Step.NUM_TOKENS);
            int fullChunks = numTokens / chunkSize;
            int rest = numTokens - fullChunks * chunkSize;
            float slope = decaySlopes.get(index / (headDim * headDim));
            float chunkDecay = TornadoMath.exp(-slope * chunkSize);
            float running = state.get(index);
            int chunk = 0;
            // A batch is loaded before its first store: no compiler moves a load before a store that might alias it.
            for (; chunk + BATCH <= fullChunks; chunk += BATCH) {
                int first = chunk * stateSize + index;
                float added0 = chunkStates.get(first);
                float added1 = chunkStates.get(first + stateSize);
                float added2 = chunkStates.get(first + 2 * stateSize);
                float added3 = chunkStates.get(first + 3 * stateSize);
                float added4 = chunkStates.get(first + 4 * stateSize);
                float added5 = chunkStates.get(first + 5 * stateSize);
                float added6 = chunkStates.get(first + 6 * stateSize);
                float added7 = chunkStates.get(first + 7 * stateSize);
                chunkStates.set(first, running);
                running = chunkDecay * running + added0;
                chunkStates.set(first + stateSize, running);
                running = chunkDecay * running + added1;
                chunkStates.set(first + 2 * stateSize, running);
                running = chunkDecay * running + added2;
                chunkStates.set(first + 3 * stateSize, running);
                running = chunkDecay * running + added3;
                chunkStates.set(first + 4 * stateSize, running);
                running = chunkDecay * running + added4;
                chunkStates.set(first + 5 * stateSize, running);
                running = chunkDecay * running + added5;
                chunkStates.set(first + 6 * stateSize, running);
                running = chunkDecay * running + added6;
                chunkStates.set(first + 7 * stateSize, running);
                running = chunkDecay * running + added7;
            }
            for (; chunk < fullChunks; chunk++) {
                float added = chunkStates.get(chunk * stateSize + index);
                chunkStates.set(chunk * stateSize + index, running);
                running = chunkDecay * running + added;
            }
            if (rest > 0) {
                float added = chunkStates.get(fullChunks * stateSize + index);
                chunkStates.set(fullChunks * stateSize + index, running);
                running = TornadoMath.exp(-slope * rest) * running + added;
            }
            state.set(index, running);
        }
    }

    /** Adds the phase to a graph; the sizes are checked by {@link ChunkedPrefill#addTo}. */
    static void addTo(
            KernelGraph graph,
            String task,
            IntArray step,
            FloatArray decaySlopes,
            FloatArray chunkStates,
            FloatArray state,
            int chunkSize,
            int numHeads,
            int headDim) {
        graph.taskGraph()
                .task(
                        task,
                        ChunkScan::compute,
                        graph.context(),
                        step,
                        decaySlopes,
                        chunkStates,
                        state,
                        chunkSize,
                        numHeads,
                        headDim);
        graph.grid(task, WorkGroups.grid(WorkGroups.covering((long) numHeads * headDim * headDim, LANES), LANES));
    }
}
