package sala.tornado.interpreter.engine;

import java.util.List;
import org.jspecify.annotations.Nullable;
import sala.tornado.interpreter.InterpreterException;
import sala.tornado.interpreter.engine.GraphDescription.Consume;

/**
 * What a graph takes over from others, by TornadoVM's rules: arrays come from the last graph of the execution before. A
 * graph may name several sources, of which that one counts; what it does not hand over keeps the device array that an
 * earlier execution gave. A graph executed again right after itself keeps all.
 */
final class Handover {
    private final DeviceGraph graph;
    private final List<Consume> consumes;
    private final List<DeviceGraph> graphs;
    private final @Nullable DeviceGraph before;

    /**
     * @param graphs the graphs of the plan
     * @param before the graph that was executed before, if any
     */
    Handover(DeviceGraph graph, List<DeviceGraph> graphs, @Nullable DeviceGraph before) {
        this.graph = graph;
        this.graphs = graphs;
        this.before = before;
        this.consumes = graph.steps().stream()
                .filter(Consume.class::isInstance)
                .map(Consume.class::cast)
                .toList();
    }

    void perform() {
        if (consumes.isEmpty() || before == graph) {
            return;
        }
        boolean handedOver = false;
        for (Consume consume : consumes) {
            consume.sourceGraph().ifPresent(this::requireGraph);
            if (before != null && consume.sourceGraph().orElse(before.name()).equals(before.name())) {
                take(consume, before);
                handedOver = true;
            }
        }
        if (!handedOver) {
            throw new InterpreterException(
                    "graph %s was executed after %s, but consumes from %s: TornadoVM hands arrays on from the last graph of the execute() before; select graphs one by one with withGraph"
                            .formatted(graph.name(), nameOfBefore(), sources()));
        }
        requireAll();
    }

    private void take(Consume consume, DeviceGraph source) {
        for (Object hostArray : consume.arrays()) {
            DeviceArray array = source.find(hostArray);
            if (array == null || !source.isPersisted(hostArray)) {
                throw new InterpreterException(
                        "graph %s consumes %s from graph %s, which has not persisted it: name it in persistOnDevice of %s"
                                .formatted(
                                        graph.name(), DeviceArray.describe(hostArray), source.name(), source.name()));
            }
            graph.share(hostArray, array);
        }
    }

    private void requireGraph(String source) {
        if (graphs.stream().noneMatch(candidate -> candidate.name().equals(source))) {
            throw new InterpreterException("graph %s consumes from graph %s, which the plan does not have: it has %s"
                    .formatted(
                            graph.name(),
                            source,
                            graphs.stream().map(DeviceGraph::name).toList()));
        }
    }

    /** Refuses a graph with an array that no execution has given it. */
    private void requireAll() {
        for (Consume consume : consumes) {
            for (Object hostArray : consume.arrays()) {
                if (graph.find(hostArray) == null) {
                    throw new InterpreterException(
                            "graph %s consumes %s from graph %s, but was never executed right after it; the graph before was %s"
                                    .formatted(
                                            graph.name(),
                                            DeviceArray.describe(hostArray),
                                            consume.sourceGraph().orElse("before it"),
                                            nameOfBefore()));
                }
            }
        }
    }

    private String nameOfBefore() {
        return before == null ? "no graph" : "graph " + before.name();
    }

    private List<String> sources() {
        return consumes.stream()
                .map(consume -> consume.sourceGraph().orElse("the graph before"))
                .distinct()
                .toList();
    }
}
