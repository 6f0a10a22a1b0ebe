package sala.kernels.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sala.kernels.KernelGraph;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

class ResidencyTest {
    /** Arrays go to the device with a graph that computes nothing, and come back as they were. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 8, 9, 17})
    void arraysAreHeldAndLeftAlone(int count) throws TornadoExecutionPlanException {
        List<Object> arrays = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            arrays.add(FloatArray.fromElements(i, i + 0.5f));
            arrays.add(IntArray.fromElements(i, -i));
            arrays.add(LongArray.fromElements(i, -i));
        }
        KernelGraph graph = new KernelGraph("held");
        graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, arrays.toArray());
        Residency.addTo(graph, "touch", arrays);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, arrays.toArray());
        GridScheduler grids = graph.gridScheduler();
        try (TornadoExecutionPlan plan =
                new TornadoExecutionPlan(graph.taskGraph().snapshot())) {
            plan.withGridScheduler(grids).execute();
            for (Object array : arrays) {
                if (array instanceof FloatArray floats) {
                    floats.init(-1);
                }
            }
            plan.withGridScheduler(grids).execute();
        }
        for (int i = 0; i < count; i++) {
            assertEquals(i + 0.5f, ((FloatArray) arrays.get(3 * i)).get(1));
            assertEquals(-i, ((IntArray) arrays.get(3 * i + 1)).get(1));
            assertEquals(-i, ((LongArray) arrays.get(3 * i + 2)).get(1));
        }
    }

    @Test
    void otherArraysAreRefused() {
        KernelGraph graph = new KernelGraph("refused");
        assertThrows(
                IllegalArgumentException.class, () -> Residency.addTo(graph, "touch", List.of(new DoubleArray(1))));
    }
}
