package uk.ac.manchester.tornado.api;

import sala.tornado.interpreter.engine.GraphDescription;

/** A graph that can be executed by a {@link TornadoExecutionPlan}. */
public class ImmutableTaskGraph {
    private final GraphDescription description;

    ImmutableTaskGraph(GraphDescription description) {
        this.description = description;
    }

    GraphDescription description() {
        return description;
    }
}
