package sala.tornado.interpreter.engine;

import java.util.List;
import sala.tornado.interpreter.InterpreterDevice;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoAPIException;
import uk.ac.manchester.tornado.api.exceptions.TornadoBackendNotFound;
import uk.ac.manchester.tornado.api.exceptions.TornadoDeviceNotFound;

/** One backend of two devices: checking, which is the default and stays it, and fast. */
public final class InterpreterRuntime implements TornadoRuntime {
    private static final InterpreterRuntime INSTANCE = new InterpreterRuntime();

    private final InterpreterBackend backend = new InterpreterBackend();

    private InterpreterRuntime() {}

    public static InterpreterRuntime instance() {
        return INSTANCE;
    }

    @Override
    public TornadoBackend getBackend(int index) {
        if (index != 0) {
            throw new TornadoBackendNotFound("backend " + index + ": the interpreter is the only backend, number 0");
        }
        return backend;
    }

    @Override
    public <D extends TornadoBackend> D getBackend(Class<D> type) {
        if (!type.isInstance(backend)) {
            throw new TornadoBackendNotFound("backend " + type.getName() + ": the interpreter is the only backend");
        }
        return type.cast(backend);
    }

    @Override
    public <D extends TornadoBackend> int getBackendIndex(Class<D> type) {
        getBackend(type);
        return 0;
    }

    @Override
    public void setDefaultBackend(int index) {
        getBackend(index);
    }

    @Override
    public TornadoVMBackendType getBackendType(int index) {
        return getBackend(index).getBackendType();
    }

    @Override
    public int getNumBackends() {
        return 1;
    }

    @Override
    public TornadoDevice getDefaultDevice() {
        return backend.getDefaultDevice();
    }

    @Override
    public boolean isProfilerEnabled() {
        return false;
    }

    @Override
    public boolean isPowerMonitoringEnabled() {
        return false;
    }

    @Override
    public long getPowerMetric() {
        return 0;
    }

    private static final class InterpreterBackend implements TornadoBackend {
        private final List<TornadoDevice> devices = List.of(InterpreterDevice.checking(), InterpreterDevice.fast());

        @Override
        public TornadoDevice getDefaultDevice() {
            return devices.get(0);
        }

        @Override
        public void setDefaultDevice(int index) {
            if (index != 0) {
                throw new TornadoAPIException(
                        "the interpreter's default device cannot be changed: give the device to withDevice of a plan");
            }
        }

        @Override
        public int getNumDevices() {
            return devices.size();
        }

        @Override
        public TornadoDevice getDevice(int index) {
            if (index < 0 || index >= devices.size()) {
                throw new TornadoDeviceNotFound(
                        "device %d: the interpreter has %d devices".formatted(index, devices.size()));
            }
            return devices.get(index);
        }

        @Override
        public List<TornadoDevice> getAllDevices() {
            return devices;
        }

        @Override
        public TornadoDeviceType getTypeDefaultDevice() {
            return getDefaultDevice().getDeviceType();
        }

        @Override
        public String getName() {
            return "Interpreter";
        }

        @Override
        public int getNumPlatforms() {
            return 1;
        }

        @Override
        public TornadoVMBackendType getBackendType() {
            return TornadoVMBackendType.JAVA;
        }
    }
}
