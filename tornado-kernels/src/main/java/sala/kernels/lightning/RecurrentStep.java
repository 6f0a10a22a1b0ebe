package sala.kernels.lightning;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * One token of lightning attention: decays the state, adds the token, reads the state with the query.
 *
 * <pre>
 *   state[h, i, c] = decays[h] state[h, i, c] + k[h, i] v[h, c]
 *   out[h, c]      = attentionScale sum over i of q[h, i] state[h, i, c]
 * </pre>
 *
 * <p>Launch: the value channels of a head are cut into slices of {@value #SLICE}, a work group a slice, so that a head of
 * 128 channels keeps four groups busy. Lanes of a group: {@value #SLICE} value channels by up to {@value #MAX_PARTS} parts
 * of the key channels, {@value #ROWS} key channels a lane at a time. A lane reads its {@value #ROWS} state rows before it
 * writes one, so that all its reads are in flight together; neighbouring lanes read neighbouring values. Sums in f32.
 * Ground truth: {@link sala.kernels.reference.LightningAttention#recurrentStep}.
 */
public final class RecurrentStep {
    private static final int SLICE = 32;
    private static final int ROWS = 8;
    private static final int MAX_PARTS = 16;
    private static final int MAX_LANES = SLICE * MAX_PARTS;

    private RecurrentStep() {}

    /**
     * The kernel.
     *
     * @param q {@code [numHeads, headDim]}, f32, after norm and rotation
     * @param k {@code [numHeads, headDim]}, f32, likewise
     * @param v {@code [numHeads, headDim]}, f32
     * @param decays {@code [numHeads]}, f32, see {@link LightningDecay#decays}
     * @param state {@code [numHeads, headDim, headDim]}, f32, key channel before value channel; updated in place
     * @param out {@code [numHeads, headDim]}, f32
     * @param parts of the key channels that lanes share out
     */
    public static void compute(
            KernelContext context,
            FloatArray q,
            FloatArray k,
            FloatArray v,
            FloatArray decays,
            FloatArray state,
            FloatArray out,
            int headDim,
            int parts,
            float attentionScale) {
        float[] partials = context.allocateFloatLocalArray(MAX_LANES);
        int lane = context.localIdx;
        int group = context.groupIdx;
        int slices = (headDim + SLICE - 1) / SLICE;
        int head = group / slices;
        int part = lane / SLICE;
        int column = lane - part * SLICE;
        int value = (group - head * slices) * SLICE + column;
        float sum = 0f;
        if (value < headDim) {
            float decay = decays.get(head);
            float valueChannel = v.get(head * headDim + value);
            for (int row = part * ROWS; row < headDim; row += parts * ROWS) {
                int channel = head * headDim + row;
                int index = channel * headDim + value;
                float s0 = state.get(index);
                float s1 = state.get(index + headDim);
                float s2 = state.get(index + 2 * headDim);
                float s3 = state.get(index + 3 * headDim);
                float s4 = state.get(index + 4 * headDim);
                float s5 = state.get(index + 5 * headDim);
                float s6 = state.get(index + 6 * headDim);
                float s7 = state.get(index + 7 * headDim);
                s0 = decay * s0 + k.get(channel) * valueChannel;
                s1 = decay * s1 + k.get(channel + 1) * valueChannel;
                s2 = decay * s2 + k.get(channel + 2) * valueChannel;
                s3 = decay * s3 + k.get(channel + 3) * valueChannel;
                s4 = decay * s4 + k.get(channel + 4) * valueChannel;
                s5 = decay * s5 + k.get(channel + 5) * valueChannel;
                s6 = decay * s6 + k.get(channel + 6) * valueChannel;
                s7 = decay * s7 + k.get(channel + 7) * valueChannel;
                sum += q.get(channel) * s0;
                sum += q.get(channel + 1) * s1;
                sum += q.get(channel + 2) * s2;
                sum += q.get(channel + 3) * s3;
                sum += q.get(channel + 4) * s4;
                sum += q.get(channel + 5) * s5;
                sum += q.get(channel + 6) * s6;
                sum += q.get(channel + 7) * s7;
                state.set(index, s0);
                state.set(index + headDim, s1);
                state.set(index + 2 * headDim, s2);
                state.set(index + 3 * headDim, s3);
                state.set(index + 4 * headDim, s4);
                state.set(index + 5 * headDim, s5);
                state.set(index + 6 * headDim, s6);
                state.set(index + 7 * headDim, s7);
            }
        }
        partials[lane] = sum;
        context.localBarrier();
        if (part == 0 && value < headDim) {
            float total = 0f;
            for (int other = 0; other < parts; other++) {
                total += partials[other * SLICE + column];
            }
            out.set(head * headDim + value, attentionScale * total);
        }
    }

    /**
     * Adds the step to a graph.
     *
     * @param headDim a multiple of 8
     * @throws IllegalArgumentException if an array is null or too small, or a size does not fit
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray q,
            FloatArray k,
            FloatArray v,
            FloatArray decays,
            FloatArray state,
            FloatArray out,
            int numHeads,
            int headDim,
            float attentionScale) {
        KernelArguments.requireAtLeast("numHeads", 1, numHeads);
        KernelArguments.requireMultiple("headDim", ROWS, headDim);
        KernelArguments.requireShape("q", q, "[numHeads, headDim]", numHeads, headDim);
        KernelArguments.requireShape("k", k, "[numHeads, headDim]", numHeads, headDim);
        KernelArguments.requireShape("v", v, "[numHeads, headDim]", numHeads, headDim);
        KernelArguments.requireShape("decays", decays, "[numHeads]", numHeads);
        KernelArguments.requireShape("state", state, "[numHeads, headDim, headDim]", numHeads, headDim, headDim);
        KernelArguments.requireShape("out", out, "[numHeads, headDim]", numHeads, headDim);
        int parts = Math.min(MAX_PARTS, headDim / ROWS);
        graph.taskGraph()
                .task(
                        task,
                        RecurrentStep::compute,
                        graph.context(),
                        q,
                        k,
                        v,
                        decays,
                        state,
                        out,
                        headDim,
                        parts,
                        attentionScale);
        graph.grid(task, WorkGroups.grid(numHeads * WorkGroups.covering(headDim, SLICE), parts * SLICE));
    }
}
