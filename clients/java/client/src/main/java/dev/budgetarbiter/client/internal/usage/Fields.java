package dev.budgetarbiter.client.internal.usage;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A vendor's object, of which only the names are known: a map as JSON readers make it, or an SDK's object with methods
 * `promptTokens()`, `getPromptTokens()` or the like. Names are asked for as Java has them, and found as JSON has them, too.
 */
public final class Fields {
  private static final Fields NONE = new Fields(null);

  private final Object holder;

  private Fields(Object holder) {
    this.holder = holder;
  }

  public static Fields of(Object holder) {
    return holder == null ? NONE : new Fields(holder);
  }

  public boolean isEmpty() {
    return holder == null;
  }

  public boolean has(String name) {
    return value(name).isPresent();
  }

  public Fields child(String name) {
    return value(name).map(Fields::of).orElse(NONE);
  }

  public OptionalLong number(String name) {
    Object found = value(name).orElse(null);
    return found instanceof Number number ? OptionalLong.of(number.longValue()) : OptionalLong.empty();
  }

  /** 0 where there is none. */
  public long count(String name) {
    return Math.max(0, number(name).orElse(0));
  }

  /** Of a name that an SDK wraps in an object, its text. */
  public Optional<String> text(String name) {
    Optional<Object> found = value(name);
    if (found.isEmpty()) return Optional.empty();
    boolean isText = found.get() instanceof CharSequence;
    return isText ? found.map(Object::toString).filter(each -> !each.isEmpty()) : of(found.get()).call("asString").map(Object::toString);
  }

  private Optional<Object> value(String name) {
    if (holder == null) return Optional.empty();
    if (holder instanceof Map<?, ?> map) {
      Object found = map.get(snake(name));
      return unwrap(found == null ? map.get(name) : found);
    }
    String capital = Character.toUpperCase(name.charAt(0)) + name.substring(1);
    for (String method : List.of(name, "get" + capital)) {
      Optional<Object> found = call(method);
      if (found.isPresent()) return found;
    }
    return Optional.empty();
  }

  private Optional<Object> call(String name) {
    try {
      Method method = accessible(holder.getClass(), name);
      if (method == null || method.getReturnType() == void.class) return Optional.empty();
      return unwrap(method.invoke(holder));
    } catch (InvocationTargetException | IllegalAccessException notThere) {
      // An SDK's object throws where a field that it asks for is missing.
      return Optional.empty();
    }
  }

  /** Of the class itself or of whatever public type declares it. */
  private static Method accessible(Class<?> type, String name) {
    if (type == null) return null;
    if (Modifier.isPublic(type.getModifiers())) {
      try {
        Method found = type.getMethod(name);
        if (Modifier.isPublic(found.getDeclaringClass().getModifiers())) return found;
        if (found.trySetAccessible()) return found;
      } catch (NoSuchMethodException elsewhere) {
        return null;
      }
    }
    for (Class<?> each : type.getInterfaces()) {
      Method found = accessible(each, name);
      if (found != null) return found;
    }
    Method found = accessible(type.getSuperclass(), name);
    return found == null && type.isRecord() ? ofHiddenRecord(type, name) : found;
  }

  private static Method ofHiddenRecord(Class<?> type, String name) {
    try {
      Method found = type.getMethod(name);
      return found.trySetAccessible() ? found : null;
    } catch (NoSuchMethodException notThere) {
      return null;
    }
  }

  private static Optional<Object> unwrap(Object value) {
    if (value instanceof Optional<?> optional) return optional.map(each -> (Object) each);
    if (value instanceof OptionalLong number) return number.isPresent() ? Optional.of(number.getAsLong()) : Optional.empty();
    if (value instanceof OptionalInt number) return number.isPresent() ? Optional.of(number.getAsInt()) : Optional.empty();
    return Optional.ofNullable(value);
  }

  private static String snake(String name) {
    StringBuilder text = new StringBuilder();
    for (char c : name.toCharArray()) {
      if (Character.isUpperCase(c)) text.append('_').append(Character.toLowerCase(c));
      else text.append(c);
    }
    return text.toString();
  }
}
