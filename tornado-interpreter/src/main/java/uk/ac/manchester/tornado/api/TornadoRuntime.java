package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** The backends there are. */
public interface TornadoRuntime {
    TornadoBackend getBackend(int index);

    <D extends TornadoBackend> D getBackend(Class<D> type);

    <D extends TornadoBackend> int getBackendIndex(Class<D> type);

    void setDefaultBackend(int index);

    TornadoVMBackendType getBackendType(int index);

    int getNumBackends();

    TornadoDevice getDefaultDevice();

    boolean isProfilerEnabled();

    boolean isPowerMonitoringEnabled();

    long getPowerMetric();
}
