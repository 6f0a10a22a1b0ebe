package sala.tornado.interpreter.engine;

import org.jspecify.annotations.Nullable;

/** The lanes of a work group that are to run, one after the other. */
public interface LaneSequence {
    /** The next lane, ready to run; null after the last. */
    @Nullable
    Lane next();
}
