package sala.model.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import sala.model.TaskProfile.Task;

class TaskTimesTest {
    /** As TornadoVM's profiler writes an execution, its trailing blanks included. */
    private static String execution(long norm, long qkv) {
        return """
                {
                    "work": {
                        "TOTAL_KERNEL_TIME": "%d",
                        "TOTAL_TASK_GRAPH_TIME": "917002",
                        "work.decodeLightning_norm": {
                            "BACKEND": "CUDA",
                            "METHOD": "RmsNormF32.compute",
                            "DEVICE_ID": "0:0",
                            "DEVICE": "NVIDIA H100 80GB HBM3",
                            "TOTAL_COPY_IN_SIZE_BYTES": "24",
                            "TASK_COMPILE_GRAAL_TIME": "20011",
                            "TASK_KERNEL_TIME": "%d"
                        },\s
                        "work.decodeLightning_qkv": {
                            "BACKEND": "CUDA",
                            "TASK_KERNEL_TIME": "%d"
                        }
                    }
                }
                """.formatted(norm + qkv, norm, qkv);
    }

    @Test
    void onlyWhatIsNewInALogCounts() {
        TaskTimes times = new TaskTimes();
        String log = execution(10, 200);
        times.add(3, log);
        log += execution(30, 400);
        times.add(3, log);
        times.add(4, execution(5, 6));
        assertEquals(
                List.of(new Task("decodeLightning_qkv", 3, 606), new Task("decodeLightning_norm", 3, 45)),
                times.take().tasks());
        log += execution(1, 2);
        times.add(3, log);
        assertEquals(
                List.of(new Task("decodeLightning_qkv", 1, 2), new Task("decodeLightning_norm", 1, 1)),
                times.take().tasks());
        assertEquals(0, times.take().launches());
    }
}
