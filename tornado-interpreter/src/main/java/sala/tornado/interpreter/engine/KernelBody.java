package sala.tornado.interpreter.engine;

/** A rewritten kernel. */
public interface KernelBody {
    /** Runs each lane of the sequence until it ends or waits. */
    void run(Object[] arguments, LaneSequence lanes);
}
