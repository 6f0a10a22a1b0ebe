package sala.tornado.interpreter.engine;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What one graph of a plan has on the device. */
final class DeviceGraph {
    private final GraphDescription description;
    private final IdentityHashMap<Object, DeviceArray> arrays = new IdentityHashMap<>();
    private final Set<Object> own = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Object> transferred = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Object> persisted = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Object> outputs = Collections.newSetFromMap(new IdentityHashMap<>());
    private final StringBuilder log = new StringBuilder();

    DeviceGraph(GraphDescription description) {
        this.description = description;
        for (GraphDescription.Step step : description.steps()) {
            switch (step) {
                case GraphDescription.TransferToHost transfer -> outputs.addAll(transfer.arrays());
                case GraphDescription.Persist persist -> outputs.addAll(persist.arrays());
                case GraphDescription.TransferToDevice _, GraphDescription.Consume _, GraphDescription.Task _ -> {}
            }
        }
    }

    String name() {
        return description.name();
    }

    List<GraphDescription.Step> steps() {
        return description.steps();
    }

    @Nullable
    DeviceArray find(Object hostArray) {
        return arrays.get(hostArray);
    }

    /** Whether the graph sends the array to the host or keeps it: then it need not come from anywhere. */
    boolean isOutput(Object hostArray) {
        return outputs.contains(hostArray);
    }

    void add(Object hostArray, DeviceArray array) {
        arrays.put(hostArray, array);
        own.add(hostArray);
    }

    /** Takes an array of another graph. */
    void share(Object hostArray, DeviceArray array) {
        arrays.put(hostArray, array);
        own.remove(hostArray);
    }

    /** True the first time. */
    boolean markTransferred(Object hostArray) {
        return transferred.add(hostArray);
    }

    void markPersisted(Object hostArray) {
        persisted.add(hostArray);
    }

    boolean isPersisted(Object hostArray) {
        return persisted.contains(hostArray);
    }

    /** Adds an execution to the log, as TornadoVM's profiler does: an object with one member for each task. */
    void addToLog(Map<String, Long> taskNanos) {
        log.append("{\n    \"").append(name()).append("\": {\n");
        int remaining = taskNanos.size();
        for (Map.Entry<String, Long> task : taskNanos.entrySet()) {
            remaining--;
            log.append("        \"").append(task.getKey()).append("\": {\n");
            log.append("            \"TASK_KERNEL_TIME\": \"")
                    .append(task.getValue())
                    .append("\"\n");
            log.append(remaining > 0 ? "        }, \n" : "        }\n");
        }
        log.append("    }\n}\n");
    }

    /** All executions that were added. */
    String log() {
        return log.toString();
    }

    long bytes() {
        long bytes = 0;
        for (Object hostArray : own) {
            DeviceArray array = arrays.get(hostArray);
            bytes += array == null ? 0 : array.bytes();
        }
        return bytes;
    }

    void free() {
        arrays.clear();
        own.clear();
        transferred.clear();
        persisted.clear();
    }

    /** Names of the tasks, as grids are registered for them. */
    List<String> taskNames() {
        List<String> names = new ArrayList<>();
        for (GraphDescription.Step step : steps()) {
            if (step instanceof GraphDescription.Task task) {
                names.add(name() + "." + task.id());
            }
        }
        return names;
    }
}
