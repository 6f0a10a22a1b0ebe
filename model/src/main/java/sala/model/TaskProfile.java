package sala.model;

import java.util.Comparator;
import java.util.List;

/**
 * Where a device's time went, task by task, the longest first.
 *
 * @param tasks one entry for all launches of a name
 */
public record TaskProfile(List<Task> tasks) {
    public TaskProfile {
        tasks = tasks.stream()
                .sorted(Comparator.comparingLong(Task::kernelNanos).reversed())
                .toList();
    }

    /**
     * A task.
     *
     * @param name what calls for it and its place in the layer, such as {@code decodeLightning_qkv}
     * @param launches how often it was launched
     * @param kernelNanos time of all launches by the device's clock
     */
    public record Task(String name, long launches, long kernelNanos) {
        public double nanosPerLaunch() {
            return (double) kernelNanos / launches;
        }
    }

    /** Time of all launches. */
    public long kernelNanos() {
        return tasks.stream().mapToLong(Task::kernelNanos).sum();
    }

    public long launches() {
        return tasks.stream().mapToLong(Task::launches).sum();
    }
}
