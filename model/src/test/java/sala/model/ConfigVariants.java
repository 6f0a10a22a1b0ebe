package sala.model;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import sala.loader.MixerType;
import sala.loader.ModelConfig;

/** Changes every component of a configuration, those of its parts included, one at a time. */
final class ConfigVariants {
    private ConfigVariants() {}

    /** Names of the components that the fingerprint does not see. */
    static List<String> sameFingerprint(ModelConfig config) throws ReflectiveOperationException {
        byte[] fingerprint = ConfigFingerprint.of(config);
        List<String> same = new ArrayList<>();
        for (RecordComponent component : ModelConfig.class.getRecordComponents()) {
            Object value = component.getAccessor().invoke(config);
            List<Object> changes = new ArrayList<>();
            if (value instanceof Record part) {
                for (RecordComponent inner : part.getClass().getRecordComponents()) {
                    changes.add(with(part, inner, changed(inner.getAccessor().invoke(part))));
                }
            } else {
                changes.add(changed(value));
            }
            for (Object change : changes) {
                ModelConfig variant = (ModelConfig) with(config, component, change);
                if (Arrays.equals(fingerprint, ConfigFingerprint.of(variant))) {
                    same.add(component.getName());
                }
            }
        }
        return same;
    }

    private static Object changed(Object value) {
        return switch (value) {
            case Integer number -> number * 2 + 2;
            case Double number -> number + 0.25;
            case Boolean flag -> !flag;
            case String text -> text + "x";
            case Map<?, ?> _ -> Map.of("name", "value");
            case Optional<?> _ -> Optional.of("other");
            case List<?> list when list.getFirst() instanceof MixerType -> List.of(MixerType.SPARSE);
            case List<?> _ -> List.of(7);
            default -> throw new AssertionError("no change known for " + value);
        };
    }

    private static Record with(Record whole, RecordComponent changed, Object value)
            throws ReflectiveOperationException {
        RecordComponent[] components = whole.getClass().getRecordComponents();
        Object[] values = new Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            values[i] = components[i].equals(changed) || components[i].getName().equals(changed.getName())
                    ? value
                    : components[i].getAccessor().invoke(whole);
        }
        return whole.getClass().getDeclaredConstructor(types).newInstance(values);
    }
}
