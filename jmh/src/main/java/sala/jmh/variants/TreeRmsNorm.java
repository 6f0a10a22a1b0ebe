package sala.jmh.variants;

import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** A norm of 256 lanes a row that reads the row twice and sums in a tree: what was before values stayed in registers. */
public final class TreeRmsNorm {
    private static final int LANES = 256;

    private TreeRmsNorm() {}

    /** The kernel. */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray x,
            FloatArray weight,
            FloatArray out,
            int width,
            float rmsNormEps) {
        float[] partials = context.allocateFloatLocalArray(LANES);
        int lane = context.localIdx;
        int token = context.groupIdx;
        int row = token * width;
        int end = token < step.get(Step.NUM_TOKENS) ? width : 0;
        float squares = 0f;
        for (int i = lane; i < end; i += LANES) {
            float value = x.get(row + i);
            squares += value * value;
        }
        partials[lane] = squares;
        for (int stride = LANES / 2; stride > 0; stride = stride / 2) {
            context.localBarrier();
            if (lane < stride) {
                partials[lane] += partials[lane + stride];
            }
        }
        context.localBarrier();
        float inverseRms = 1f / TornadoMath.sqrt(partials[0] / width + rmsNormEps);
        for (int i = lane; i < end; i += LANES) {
            out.set(row + i, x.get(row + i) * inverseRms * weight.get(i));
        }
    }

    /** See {@code RmsNormF32}. */
    public static void addTo(
            KernelGraph graph,
            String task,
            IntArray step,
            FloatArray x,
            FloatArray weight,
            FloatArray out,
            int maxTokens,
            int width,
            float rmsNormEps) {
        graph.taskGraph()
                .task(task, TreeRmsNorm::compute, graph.context(), step, x, weight, out, width, rmsNormEps);
        graph.grid(task, WorkGroups.grid(maxTokens, LANES));
    }
}
