package sala.model.tornado;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import sala.model.TaskProfile;
import sala.model.TaskProfile.Task;

/**
 * Adds up the times of tasks from the logs of TornadoVM's profiler. A log has a section for each task of a graph and a line
 * for each of its figures, all in nanoseconds; that of a graph holds all its executions since the plan was made.
 *
 * <pre>
 *   "work.decodeLightning_qkv": {
 *       "TASK_KERNEL_TIME": "104448"
 *   }
 * </pre>
 */
final class TaskTimes {
    private static final Pattern TASK_OR_TIME =
            Pattern.compile("\"\\w+\\.(\\w+)\": \\{|\"TASK_KERNEL_TIME\": \"(\\d+)\"");

    private final Map<Integer, Integer> readLengths = new HashMap<>();
    private final Map<String, Task> tasks = new LinkedHashMap<>();

    /**
     * Adds what a log has gained since it was last given.
     *
     * @param graph number of the graph
     * @param log of all its executions
     */
    void add(int graph, String log) {
        Matcher matcher = TASK_OR_TIME.matcher(log);
        matcher.region(readLengths.getOrDefault(graph, 0), log.length());
        readLengths.put(graph, log.length());
        String task = "";
        while (matcher.find()) {
            if (matcher.group(1) != null) {
                task = matcher.group(1);
            } else {
                tasks.merge(
                        task,
                        new Task(task, 1, Long.parseLong(matcher.group(2))),
                        (sum, one) -> new Task(
                                sum.name(), sum.launches() + one.launches(), sum.kernelNanos() + one.kernelNanos()));
            }
        }
    }

    /** What was added since the last call. */
    TaskProfile take() {
        TaskProfile profile = new TaskProfile(tasks.values().stream().toList());
        tasks.clear();
        return profile;
    }
}
