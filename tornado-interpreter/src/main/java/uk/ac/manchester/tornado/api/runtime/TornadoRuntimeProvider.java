package uk.ac.manchester.tornado.api.runtime;

import sala.tornado.interpreter.engine.InterpreterRuntime;
import uk.ac.manchester.tornado.api.TornadoRuntime;

/** Hands out the runtime. */
public class TornadoRuntimeProvider {
    public TornadoRuntimeProvider() {}

    public static TornadoRuntime getTornadoRuntime() {
        return InterpreterRuntime.instance();
    }

    public static boolean isProfilerEnabled() {
        return getTornadoRuntime().isProfilerEnabled();
    }

    public static boolean isPowerMonitoringEnabled() {
        return getTornadoRuntime().isPowerMonitoringEnabled();
    }
}
