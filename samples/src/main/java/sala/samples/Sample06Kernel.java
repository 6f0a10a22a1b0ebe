package sala.samples;

import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.norm.RmsNormF32;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Runs one kernel of the engine: on the interpreter, or unchanged on TornadoVM's device where that is installed. */
public final class Sample06Kernel {
    private static final int WIDTH = 4;

    private Sample06Kernel() {}

    /** Norms the row 1, 2, 3, 4 with weights of 1 and prints it. */
    public static void main(String[] args) throws TornadoExecutionPlanException {
        IntArray step = Step.create();
        FloatArray x = FloatArray.fromElements(1, 2, 3, 4);
        FloatArray weight = FloatArray.fromElements(1, 1, 1, 1);
        FloatArray out = new FloatArray(WIDTH);
        KernelGraph graph = new KernelGraph("sample");
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, step, x, weight);
        RmsNormF32.addTo(graph, "norm", step, x, weight, out, 1, WIDTH, 0f);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, out);
        try (TornadoExecutionPlan plan =
                new TornadoExecutionPlan(graph.taskGraph().snapshot())) {
            plan.withGridScheduler(graph.gridScheduler()).execute();
        }
        for (int i = 0; i < WIDTH; i++) {
            System.out.printf("%.4f%n", out.get(i));
        }
    }
}
